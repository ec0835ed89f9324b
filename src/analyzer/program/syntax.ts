/** Syntax trees as the compiler gives them: node types, `is…` tests and enums. */
export * from 'typescript7/ast';
