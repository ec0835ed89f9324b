import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { asyncscope, fileUri, has, lacks, open, untilFindings } from './editing';
import { until } from './waiting';

describe("a workspace whose ESLint has an equal rule on", () => {
  it('is not told the same twice, and the status item says so', async () => {
    const { uri } = await open('src/app.ts');
    await untilFindings(uri, (found) => has('no-async-promise-executor')(found) && lacks('no-floating-promises')(found));
    const server = await (await asyncscope()).languageServer();
    await until(server.onDidChangeStatus, () => /ESLint/.test(server.shown.detail ?? ''));
    assert.ok(existsSync(fileUri('executed').fsPath));
  });
});
