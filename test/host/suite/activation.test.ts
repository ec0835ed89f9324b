import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { screenshot } from './outside';

describe('the extension', () => {
  it('activates when a JavaScript file is opened', async () => {
    const extension = vscode.extensions.getExtension('asyncscope.asyncscope');
    assert.ok(extension);
    await screenshot('activation');
  });
});
