import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { open } from './editing';
import { eventually } from './waiting';

const extension = vscode.extensions.getExtension('asyncscope.asyncscope');

describe('activation', () => {
  it('waits for a JavaScript or TypeScript file', async () => {
    assert.ok(extension);
    await open('data/report.txt');
    assert.equal(extension.isActive, false);
    await open('src/server.ts');
    await eventually(() => extension.isActive);
  });

  it('registers every command of the manifest', async () => {
    const declared = (extension?.packageJSON as { contributes: { commands: { command: string }[] } }).contributes.commands;
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(declared.filter(({ command }) => !registered.has(command)), []);
  });
});
