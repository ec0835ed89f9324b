import assert from 'node:assert/strict';
import { batchFile, batchLine } from '../../src/cli/batch-file';

const files = new Set(['C:\\nodejs\\node.exe', 'C:\\nodejs\\npm', 'C:\\nodejs\\npm.CMD', 'C:\\tools\\both.EXE', 'C:\\tools\\both.CMD', 'build.BAT', 'scripts\\go.cmd']);
const env = { PATH: 'C:\\Windows;C:\\nodejs;C:\\tools', PATHEXT: '.COM;.EXE;.BAT;.CMD' };
const find = (command: string): string | undefined => batchFile(command, env, (file) => files.has(file));

describe('a command on Windows', () => {
  it('that is a batch file is found as its shell finds it', () => {
    assert.equal(find('npm'), 'C:\\nodejs\\npm.CMD');
    assert.equal(find('build'), 'build.BAT');
    assert.equal(find('scripts/go.cmd'), 'scripts\\go.cmd');
  });

  it('that is a program, or nothing, needs no shell', () => {
    for (const command of ['node', 'node.exe', 'C:\\nodejs\\node.exe', 'both', 'nope']) assert.equal(find(command), undefined, command);
  });

  it('gets its words one by one, whatever is in them', () => {
    assert.equal(batchLine('C:\\my tools\\npm.cmd', ['run', 'a b', 'x&y|z', '100%', 'say "hi"', 'end\\', '']), [
      '^"C:\\my^ tools\\npm.cmd^"', '^"run^"', '^"a^ b^"', '^"x^&y^|z^"', '^"100^%^"', '^"say^ \\^"hi\\^"^"', '^"end\\\\^"', '^"^"',
    ].join(' '));
  });
});
