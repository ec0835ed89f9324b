export { CompilerDied, CompilerMissing, isChannelFailure } from './compiler';
export { Importers } from './importers';
export { isTooDeep } from './nesting';
export { Programs, type DiskChanges, type SourceUnit } from './programs';
export * from './syntax';
export * from './types';
export { ancestors } from './projects';
