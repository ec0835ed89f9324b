import { isChannelFailure, type Asking, type SourceFile } from '../program';
import type { Runner } from './context';
import type { Passed } from './declared-names';
import type { Alias, Site } from './facts';
import type { FileRole } from './file-role';
import { NameIndex } from './name-index';
import type { Target } from './resolver';

/** What is known of a project's functions from one snapshot to the next. */
export class Memory {
  version = 0;
  /** The id of the program that each file is asked about in, by path. */
  homes: ReadonlyMap<string, string> = new Map();
  readonly names = new NameIndex();
  readonly roles = new Map<string, FileRole>();
  /** The trees that were read, by path. */
  readonly trees = new Map<string, SourceFile>();
  /** What the sites asked about run. Sites of an older text of their file are dropped. */
  readonly targets = new Map<Site, Target | undefined>();
  readonly aliases = new Map<Alias, Target | undefined>();
  readonly runners = new Map<Passed, Runner | undefined>();
  /** Names whose sites have been asked about, everywhere (`name`) or in one file (`path name`). */
  readonly hot = new Set<string>();
  /** Sites whose target may be another since some other file looks different from outside. */
  readonly stale = new Set<Site>();
  /** What went wrong with a place of a file, by its path. */
  readonly failures = new Map<string, unknown>();

  /** What an asking about a place in a file finds; nothing where it fails: that place is lost then, and no other. */
  *tried<T>(path: string, asking: Asking<T>): Asking<T | undefined> {
    try {
      return yield* asking;
    } catch (error) {
      if (isChannelFailure(error)) throw error;
      this.failures.set(path, error);
      return undefined;
    }
  }

  /** Drops what was found in files whose text is another now, or that are gone. */
  forget(paths: ReadonlySet<string>): void {
    const { targets, stale, aliases, runners, trees, failures } = this;
    for (const path of paths) failures.delete(path);
    if (targets.size + runners.size === 0) return;
    for (const site of targets.keys()) {
      if (!paths.has(site.within.path)) continue;
      targets.delete(site);
      stale.delete(site);
    }
    for (const alias of aliases.keys()) if (paths.has(alias.path)) aliases.delete(alias);
    for (const passed of runners.keys()) if (paths.has(passed.call.getSourceFile().fileName)) runners.delete(passed);
    for (const path of paths) if (!this.roles.has(path)) trees.delete(path);
  }
}
