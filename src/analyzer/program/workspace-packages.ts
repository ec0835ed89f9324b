import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { API, ProjectReference } from 'typescript7/sync';
import { isChannelFailure } from './compiler';
import { ancestors, slashed } from './paths';

/** Which packages of a workspace a project depends on; what was read of them is kept. */
export class WorkspacePackages {
  /** By a package's folder: those of the workspace that it depends on. */
  private readonly linked = new Map<string, readonly string[]>();
  /** By configuration: whether its sources can be followed. */
  private readonly followed = new Map<string, boolean>();

  /**
   * The projects of the other packages that a project's package depends on, directly or not. With references to them an
   * import of what such a package builds leads to its sources, built or not, as it does for those that a configuration
   * refers to itself.
   */
  references(api: API, configFile: string, own: readonly ProjectReference[]): ProjectReference[] {
    const start = [...ancestors(path.dirname(configFile))].find((at) => existsSync(path.join(at, 'package.json')));
    const folders = new Set<string>(start === undefined ? [] : [start]);
    for (const folder of folders) for (const linked of this.dependencies(folder)) folders.add(linked);
    if (start !== undefined) folders.delete(start);
    const referred = new Set<string>(own.map((reference) => reference.path));
    const configs = [...folders].filter((folder) => !referred.has(slashed(folder))).map((folder) => slashed(path.join(folder, 'tsconfig.json')));
    return configs.filter((config) => !referred.has(config) && this.isFollowed(api, config)).map((config) => ({ path: config as ProjectReference['path'] }));
  }

  /** The folders of the packages that a package depends on and that are linked into node_modules, as those of a workspace are. */
  private dependencies(folder: string): readonly string[] {
    const found = this.linked.get(folder) ?? dependencyNames(folder).flatMap((name) => linkedPackage(folder, name) ?? []);
    this.linked.set(folder, found);
    return found;
  }

  /** What is imported relative to a `baseUrl` is not found from another project, as TypeScript 7 does without: declarations say more then. */
  private isFollowed(api: API, config: string): boolean {
    const found = this.followed.get(config) ?? (existsSync(config) && hasNoBase(api, config));
    this.followed.set(config, found);
    return found;
  }
}

function dependencyNames(folder: string): string[] {
  try {
    const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Record<string, Record<string, string> | undefined>;
    return ['dependencies', 'devDependencies', 'peerDependencies'].flatMap((field) => Object.keys(manifest[field] ?? {}));
  } catch {
    return [];
  }
}

function linkedPackage(folder: string, name: string): string | undefined {
  for (const at of ancestors(folder)) {
    const installed = path.join(at, 'node_modules', name);
    if (!existsSync(installed)) continue;
    const real = realpathSync(installed);
    return real.includes(`${path.sep}node_modules${path.sep}`) ? undefined : real;
  }
  return undefined;
}

function hasNoBase(api: API, config: string): boolean {
  try {
    return !('baseUrl' in api.parseConfigFile(config).options);
  } catch (error) {
    if (isChannelFailure(error)) throw error;
    return false;
  }
}
