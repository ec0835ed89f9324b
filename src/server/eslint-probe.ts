// A process of its own: loading the workspace's ESLint runs code of the workspace, which may be slow, noisy or end the
// process. Started only where the workspace is trusted.
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';

/** Which rules are on for these files, of the names given? */
export interface ProbeRequest {
  files: readonly string[];
  names: readonly string[];
}

/** Names by file; or why ESLint cannot tell. `missing`: it is not installed. */
export type ProbeAnswer = { on: Record<string, string[]> } | { failed: string } | { missing: true };

/** As much of ESLint's API as is needed; the same in its versions 8 to 10. */
interface EslintModule {
  ESLint: EslintClass;
  loadESLint?: (options: { cwd: string }) => Promise<EslintClass>;
}

type EslintClass = new (options: { cwd: string }) => Eslint;

interface Eslint {
  calculateConfigForFile(file: string): Promise<FileConfig | undefined>;
}

interface FileConfig {
  rules?: Record<string, unknown>;
  /** By prefix where the configuration is flat; else a list of names. */
  plugins?: Record<string, { meta?: { name?: string; namespace?: string } }> | string[];
}

let loaded: Promise<Eslint | undefined> | undefined;

process.on('message', (request: ProbeRequest) => {
  answer(request)
    .catch((error: unknown): ProbeAnswer => ({ failed: error instanceof Error ? error.message : String(error) }))
    .then((result) => process.send?.(result))
    .catch(() => process.exit(1));
});

/** Undefined where ESLint is not installed. */
async function load(): Promise<Eslint | undefined> {
  const cwd = process.cwd();
  const require = createRequire(path.join(cwd, 'eslint.config.js'));
  let found: string;
  try {
    found = require.resolve('eslint');
  } catch {
    return undefined;
  }
  const { ESLint, loadESLint } = require(found) as EslintModule;
  return new (loadESLint ? await loadESLint({ cwd }) : ESLint)({ cwd });
}

async function answer({ files, names }: ProbeRequest): Promise<ProbeAnswer> {
  loaded ??= load();
  const eslint = await loaded;
  if (!eslint) return { missing: true };
  const wanted = new Set(names);
  const on: Record<string, string[]> = {};
  for (const file of files) {
    const config = await eslint.calculateConfigForFile(file);
    const active = Object.entries(config?.rules ?? {}).filter(([, setting]) => isOn(setting));
    on[file] = active.map(([name]) => publishedName(name, config)).filter((name) => wanted.has(name));
  }
  return { on };
}

function isOn(setting: unknown): boolean {
  const severity: unknown = Array.isArray(setting) ? setting[0] : setting;
  return severity === 1 || severity === 2 || severity === 'warn' || severity === 'error';
}

/** A rule's name with the prefix that its plugin goes by, whatever the configuration calls the plugin. */
function publishedName(name: string, config: FileConfig | undefined): string {
  const slash = name.lastIndexOf('/');
  if (slash < 0 || !config?.plugins || Array.isArray(config.plugins)) return name;
  const meta = config.plugins[name.slice(0, slash)]?.meta;
  const namespace = meta?.namespace ?? meta?.name?.replace(/\/eslint-plugin$|^eslint-plugin-|(?<=\/)eslint-plugin-/, '');
  return namespace === undefined ? name : `${namespace}${name.slice(slash)}`;
}
