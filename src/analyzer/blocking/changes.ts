import type { Programs } from '../program';
import { fileRole, isExemptPath } from './file-role';
import type { Memory } from './memory';
import { shapeOf } from './shape';
import type { Sources } from './sources';

/**
 * Reads the files whose text or program is new since the last snapshot, and drops what was known of them. Returns their
 * paths. Where one looks different from outside, all that is known of the programs which hold it has become stale.
 */
export function takeChanges(programs: Programs, sources: Sources, memory: Memory): readonly string[] {
  const homes = new Map(sources.paths.map((path) => [path, sources.homeOf(path).id]));
  const known = new Set(memory.homes.values());
  const isNew = (path: string): boolean => memory.homes.get(path) !== homes.get(path) || programs.lastChange(path) > memory.version || hasOtherTree(path, sources, memory);
  const changed = sources.paths.filter(isNew);
  const gone = [...memory.roles.keys()].filter((path) => !homes.has(path));
  const seenIn = new Set(memory.version > 0 && gone.length > 0 ? programs.loaded : []);
  for (const path of changed) {
    const text = isExemptPath(path) ? undefined : programs.text(path);
    const role = text === undefined ? 'exempt' : fileRole(path, text);
    memory.roles.set(path, role);
    if (text === undefined || role === 'exempt') continue;
    memory.names.add(path, text);
    // What a program brings that was not there before changes nothing for the files of the others.
    if (!known.has(homes.get(path) ?? '')) continue;
    const holders = sources.holdersOf(path);
    if (!holders.every((project) => seenIn.has(project)) && looksOther(path, sources, memory)) for (const project of holders) seenIn.add(project);
  }
  for (const path of gone) memory.roles.delete(path);
  memory.forget(new Set([...changed, ...gone]));
  if (seenIn.size > 0) for (const site of memory.targets.keys()) if (seenIn.has(sources.homeOf(site.within.path))) memory.stale.add(site);
  memory.version = programs.version;
  memory.homes = homes;
  return changed;
}

/** Sites belong to the tree that they were found in: a compiler that was started anew makes others of the same text. */
function hasOtherTree(path: string, sources: Sources, memory: Memory): boolean {
  const tree = memory.trees.get(path);
  return tree !== undefined && tree !== sources.tree(path);
}

/** Whether other files can see that a file has changed. */
function looksOther(path: string, sources: Sources, memory: Memory): boolean {
  const before = memory.trees.get(path);
  const now = sources.tree(path);
  if (now) memory.trees.set(path, now);
  return !before || !now || shapeOf(before) !== shapeOf(now);
}
