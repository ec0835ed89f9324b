// The texts of scripts that are not what lies on disk, asked for where something is told of places in them.
import { handleName } from '../../agent/config';
import { COMPILED, parseScripts, SCRIPTS_PART, type ScriptText } from '../../agent/script-protocol';
import type { InspectorSession } from '../inspector/session';
import { evaluate } from './evaluation';

export class CompiledTexts {
  private readonly asked = new Set<string>();
  private isCompiled = false;

  /** Of a thread whose agent was given this secret. */
  constructor(
    private readonly session: InspectorSession,
    private readonly secret: string,
  ) {}

  /** Of these files, as the agent names them, the ones that were not asked for before. Rejects with a one-sentence Error. */
  async of(files: Iterable<string>): Promise<ScriptText[]> {
    const fresh = [...new Set(files)].filter((file) => /^(?:\/|file:|[a-z]:\\)/i.test(file) && !this.asked.has(file));
    // Loaders that compile TypeScript often compile other files as well.
    this.isCompiled ||= fresh.some((file) => COMPILED.test(file));
    if (!this.isCompiled || fresh.length === 0) return [];
    for (const file of fresh) this.asked.add(file);
    const handle = `globalThis[${JSON.stringify(handleName(this.secret))}]`;
    return parseScripts(await evaluate(this.session, `${handle}?.parts.get(${JSON.stringify(SCRIPTS_PART)})?.read(${JSON.stringify(fresh)})`));
  }
}
