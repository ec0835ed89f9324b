import tseslint from 'typescript-eslint';

const compilerApi = {
  group: ['typescript7', 'typescript7/*'],
  message: "Only src/analyzer/program/ imports the compiler's API.",
};
const vscodeApi = { group: ['vscode'], message: 'Only src/extension/ imports vscode.' };
const outer = { group: ['**/server/**', '**/cli/**', '**/extension/**'], message: 'Data flows one way: the core does not know who shows it.' };
const restrict = (...patterns) => ({ '@typescript-eslint/no-restricted-imports': ['error', { patterns }] });

export default tseslint.config(
  { ignores: ['dist/', 'out/', '.cache/', 'node_modules/', 'test/fixtures/', 'examples/', '**/*.js', '**/*.mjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/return-await': 'error',
      'max-lines': ['error', { max: 420, skipBlankLines: true, skipComments: true }],
      ...restrict(compilerApi, vscodeApi),
    },
  },
  { files: ['src/analyzer/**/*.ts', 'src/tracer/**/*.ts', 'src/agent/**/*.ts'], rules: restrict(compilerApi, vscodeApi, outer) },
  { files: ['src/analyzer/program/**/*.ts'], rules: restrict(vscodeApi, outer) },
  { files: ['src/extension/**/*.ts', 'test/host/suite/**/*.ts'], rules: restrict(compilerApi) },
  { files: ['test/**/*.ts'], rules: { 'max-lines': 'off' } },
);
