// The commands that read code: a bundle of their own, since they bring the analyzer, which is large.
export { addCheck } from './check';
export { addLsp } from './lsp';
export { addRules } from './rules';
