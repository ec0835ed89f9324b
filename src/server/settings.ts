import type { Connection } from 'vscode-languageserver/node';
import { severities } from '../analyzer/finding';
import { ruleById } from '../analyzer/rules';
import { presets } from '../analyzer/rules/rule';
import { isInside, uriOfPath } from './paths';
import type { Settings } from './protocol';

export const defaultSettings: Settings = { enable: true, rules: {}, preset: '', exclude: [], eslint: true };

/** A client that never answers is not waited for longer than this. Milliseconds. */
const answerLimit = 3000;

/** Settings of one workspace folder, with a sentence for each value that is wrong (it does not count then). */
export interface FolderSettings {
  readonly settings: Settings;
  readonly problems: readonly string[];
}

/** The editor's settings of each workspace folder. */
export class WorkspaceSettings {
  private readonly byFolder = new Map<string, FolderSettings>();
  private loose: FolderSettings = checked(undefined);

  /** The workspace folders' paths. */
  folders: readonly string[] = [];

  /** Asks the client, or takes what it has sent where it cannot be asked. */
  async load(connection: Connection, pull: boolean, pushed: unknown): Promise<void> {
    const answers = pull ? await this.ask(connection) : [];
    this.byFolder.clear();
    this.folders.forEach((folder, index) => this.byFolder.set(folder, checked(pull ? answers[index] : pushed)));
    this.loose = checked(pull ? answers.at(-1) : pushed);
  }

  /** The innermost workspace folder that a file is in. */
  folderOf(file: string): string | undefined {
    return this.folders.filter((folder) => isInside(file, folder)).sort((a, b) => b.length - a.length)[0];
  }

  of(folder: string | undefined): Settings {
    return (folder === undefined ? this.loose : (this.byFolder.get(folder) ?? this.loose)).settings;
  }

  /** What is wrong in the settings, each sentence once. */
  get problems(): string[] {
    return [...new Set([...this.byFolder.values(), this.loose].flatMap(({ problems }) => problems))];
  }

  /** Section "asyncscope" for each folder, and last for files outside of all. */
  private async ask(connection: Connection): Promise<unknown[]> {
    const scopes = [...this.folders.map((folder) => uriOfPath(folder)), undefined];
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<unknown[]>((resolve) => {
      timer = setTimeout(() => resolve([]), answerLimit);
    });
    try {
      const items = scopes.map((scopeUri) => ({ scopeUri, section: 'asyncscope' }));
      return await Promise.race([connection.workspace.getConfiguration(items) as Promise<unknown[]>, limit]);
    } catch (error) {
      connection.console.warn(`The editor did not tell its settings: ${String(error)}`);
      return [];
    } finally {
      clearTimeout(timer);
    }
  }
}

function checked(given: unknown): FolderSettings {
  const problems: string[] = [];
  if (typeof given !== 'object' || given === null) return { settings: defaultSettings, problems };
  const { enable, preset, exclude, rules, eslint } = given as Partial<Record<keyof Settings, unknown>>;
  const settings = { ...defaultSettings };
  const wrong = (name: string, expected: string): void => void problems.push(`Setting asyncscope.${name} ${expected}.`);

  if (typeof enable === 'boolean') settings.enable = enable;
  else if (isGiven(enable)) wrong('enable', 'must be true or false');

  if (typeof eslint === 'boolean') settings.eslint = eslint;
  else if (isGiven(eslint)) wrong('eslint', 'must be true or false');

  if (preset === '' || presets.some((known) => known === preset)) settings.preset = preset as Settings['preset'];
  else if (isGiven(preset)) wrong('preset', `must be one of ${presets.join(', ')}`);

  if (Array.isArray(exclude) && exclude.every((glob) => typeof glob === 'string')) settings.exclude = exclude;
  else if (isGiven(exclude)) wrong('exclude', 'must be an array of globs');

  if (typeof rules === 'object' && rules !== null) {
    for (const [id, severity] of Object.entries(rules as Record<string, unknown>)) {
      if (!ruleById(id)) wrong('rules', `names a rule that does not exist: "${id}"`);
      else if (severity !== 'off' && !severities.some((known) => known === severity)) {
        wrong('rules', `must give "${id}" one of off, ${severities.join(', ')}`);
      } else settings.rules = { ...settings.rules, [id]: severity as Settings['rules'][string] };
    }
  } else if (isGiven(rules)) wrong('rules', 'must be an object of rule ids');
  return { settings, problems };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
