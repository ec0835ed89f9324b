// What the agent says of scripts whose text is not what lies on disk.

/** The part of an answer that tells of them. */
export const SCRIPTS_PART = 'scripts';

/** Files that Node does not run as they are. */
export const COMPILED = /\.(?:[cm]?tsx?|jsx|vue|svelte)(?:\?.*)?$/i;

/** The file as sites name it, and the text that runs. */
export type ScriptText = [file: string, text: string];

/** The client's side; nothing where the part is not there. Throws a one-sentence Error where it does not fit. */
export function parseScripts(value: unknown): ScriptText[] {
  if (value === undefined) return [];
  const isRow = (row: unknown): row is ScriptText => Array.isArray(row) && row.length === 2 && row.every((cell) => typeof cell === 'string');
  if (!Array.isArray(value) || !value.every(isRow)) throw new Error('The agent’s list of scripts is damaged.');
  return value;
}
