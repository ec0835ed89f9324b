export { CompilerDied, CompilerMissing, isChannelFailure } from './compiler';
export { Importers } from './importers';
export type { Job } from './jobs';
export { isTooDeep } from './nesting';
export { Programs, type DiskChanges, type SourceUnit } from './programs';
export * from './syntax';
export { forEachNearest, forEachOfKind, identifiersNamed, kindSet, type KindSet } from './tree-scan';
export * from './types';
export { ancestors } from './projects';
