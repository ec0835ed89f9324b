import assert from 'node:assert/strict';
import { githubReport } from '../../../src/cli/formats/github';
import { makeFolder } from '../../folder';
import { asyncscope } from '../command';
import { blocking, range, reportOf } from './report';

describe('github format', () => {
  let checkout: string | undefined;
  beforeEach(() => {
    checkout = process.env.GITHUB_WORKSPACE;
    delete process.env.GITHUB_WORKSPACE;
  });
  afterEach(() => {
    if (checkout !== undefined) process.env.GITHUB_WORKSPACE = checkout;
    else delete process.env.GITHUB_WORKSPACE;
  });

  it('writes one annotation for each finding, the chain in its message', () => {
    assert.equal(
      githubReport(reportOf([blocking])),
      '::error file=src/server.ts,line=2,endLine=2,col=15,endColumn=33,title=asyncscope no-blocking-call::' +
        '`readFileSync` blocks the event loop.%0Asrc/render.ts:8:10: render calls template' +
        '%0A../lib/template.ts:3:3: template calls readFileSync\n',
    );
  });

  it('leaves out columns where the stretch has several lines', () => {
    const several = { ...blocking, severity: 'warning' as const, related: [], range: range(2, 15, 4, 2) };
    assert.match(githubReport(reportOf([several])), /^::warning file=src\/server\.ts,line=2,endLine=4,title=/);
  });

  it('escapes what workflow commands give a meaning to', () => {
    const odd = { ...blocking, severity: 'hint' as const, file: 'a,b:100%.ts', message: '50%\r\nof: it, all', related: [] };
    assert.equal(
      githubReport(reportOf([odd])),
      '::notice file=a%2Cb%3A100%25.ts,line=2,endLine=2,col=15,endColumn=33,title=asyncscope no-blocking-call::50%25%0D%0Aof: it, all\n',
    );
  });

  it('annotates what could not be read', () => {
    assert.equal(
      githubReport(reportOf([], { errors: [{ file: 'src/a.ts', message: 'no permission to read it.' }] })),
      '::error file=src/a.ts,title=asyncscope::no permission to read it.\n',
    );
  });

  it('names files relative to the checkout', async () => {
    const folder = makeFolder({ 'packages/app/a.ts': 'export const ready = new Promise<void>(async (resolve) => resolve());\n' });
    try {
      const { code, stdout } = await asyncscope(['check', '--format', 'github'], {
        cwd: folder.file('packages/app'),
        env: { GITHUB_WORKSPACE: folder.path },
      });
      assert.equal(code, 1);
      assert.match(stdout, /^::error file=packages\/app\/a\.ts,line=1,endLine=1,col=\d+,endColumn=\d+,title=asyncscope no-async-promise-executor::\S/);
    } finally {
      folder.remove();
    }
  });
});
