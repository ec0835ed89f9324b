import assert from 'node:assert/strict';
import type { WriteStream } from 'node:tty';
import { Progress } from '../../src/cli/progress';

describe('progress line', () => {
  const { CI, TERM } = process.env;
  beforeEach(() => {
    delete process.env.CI;
    process.env.TERM = 'xterm';
  });
  afterEach(() => {
    Object.assign(process.env, CI === undefined ? {} : { CI });
    if (TERM === undefined) delete process.env.TERM;
    else process.env.TERM = TERM;
  });

  /** A terminal of some columns that keeps what is written to it. */
  function terminal(isTTY: boolean, columns = 80): { stream: WriteStream; written: string[] } {
    const written: string[] = [];
    const stream = { isTTY, columns, write: (text: string) => written.push(text) > 0 };
    return { stream: stream as unknown as WriteStream, written };
  }

  it('is written over itself and taken away at the end', () => {
    const { stream, written } = terminal(true);
    const progress = new Progress(stream);
    progress.show('Checked 1 of 9 files');
    progress.erase();
    assert.deepEqual(written, ['\r\u001b[KChecked 1 of 9 files', '\r\u001b[K']);
  });

  it('never fills a line, which would begin another', () => {
    const { stream, written } = terminal(true, 20);
    new Progress(stream).show('Checked 1000 of 2000 files');
    assert.equal(written[0]?.replace('\r\u001b[K', '').length, 19);
  });

  it('is not written again at once', () => {
    const { stream, written } = terminal(true);
    const progress = new Progress(stream);
    for (let done = 1; done <= 50; done++) progress.show(`Checked ${done} of 50 files`);
    assert.ok(written.length < 50, `${written.length} lines`);
  });

  it('is nothing where stderr is no terminal, on a dumb one, and in CI', () => {
    const silent = (isTTY: boolean): string[] => {
      const { stream, written } = terminal(isTTY);
      const progress = new Progress(stream);
      progress.show('Checked 1 of 9 files');
      progress.erase();
      return written;
    };
    assert.deepEqual(silent(false), []);
    process.env.TERM = 'dumb';
    assert.deepEqual(silent(true), []);
    process.env.TERM = 'xterm';
    process.env.CI = 'true';
    assert.deepEqual(silent(true), []);
  });
});
