import assert from 'node:assert/strict';
import { parseProcesses, runsNode } from '../../../src/tracer/inspector/windows-processes';

const node = { ProcessId: 4711, ParentProcessId: 900, CommandLine: '"C:\\Program Files\\nodejs\\node.exe" --env-file="my env" server.js 8080', AgeMs: 5230 };
const system = { ProcessId: 4, ParentProcessId: 0, CommandLine: null, AgeMs: null };

describe('the processes that PowerShell tells of', () => {
  it('have their words, and their age', () => {
    assert.deepEqual(parseProcesses(JSON.stringify([system, node])), [
      { pid: 4, parent: 0, argv: [], ageMs: undefined },
      { pid: 4711, parent: 900, argv: ['C:\\Program Files\\nodejs\\node.exe', '--env-file=my env', 'server.js', '8080'], ageMs: 5230 },
    ]);
  });

  it('may be a single one', () => {
    assert.deepEqual(parseProcesses(JSON.stringify(node)).map(({ pid }) => pid), [4711]);
  });

  it('are Node by the name of their program, not by what it works on', () => {
    const lines = ['node app.js', 'C:\\tools\\NODE.EXE', '"C:\\a b\\node.exe" x', 'notepad.exe node.exe', 'C:\\node\\git.exe', ''];
    const rows = lines.map((CommandLine, ProcessId) => ({ ProcessId, ParentProcessId: 0, CommandLine, AgeMs: 0 }));
    assert.deepEqual(parseProcesses(JSON.stringify(rows)).map(runsNode), [true, true, true, false, false, false]);
  });
});
