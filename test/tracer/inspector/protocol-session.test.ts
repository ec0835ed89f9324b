import assert from 'node:assert/strict';
import { ProtocolSession } from '../../../src/tracer/inspector/protocol-session';

describe('a session of the inspector protocol', () => {
  it('says of a refused command what was refused, and of a program that a debugger has let go of that it has ended', async () => {
    const written: string[] = [];
    const session = new ProtocolSession({ label: 'the debugged process', write: (text) => written.push(text) });
    const refuse = (message: string) => session.receive(JSON.stringify({ id: written.length, error: { message } }));
    const refused = session.send('Runtime.evaluate', { expression: '1' });
    refuse('Some reason');
    await assert.rejects(refused, { message: 'The debugged process refused Runtime.evaluate: Some reason.' });
    const ended = session.send('Runtime.evaluate', { expression: '1' });
    refuse('Connection is closed.');
    await assert.rejects(ended, { message: 'The debugged process has ended.' });
  });
});
