import type { SourceFile } from '../program';
import type { Runner } from './context';
import type { Passed } from './declared-names';
import type { Alias, Site } from './facts';
import type { FileRole } from './file-role';
import { NameIndex } from './name-index';
import type { Target } from './resolver';

/** What is known of a project's functions from one snapshot to the next. */
export class Memory {
  version = 0;
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
}
