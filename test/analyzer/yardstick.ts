// typescript-eslint and our linter on the same files with the same options, as findings that can be compared.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ESLint, type Linter as EsLinter } from 'eslint';
import tseslint from 'typescript-eslint';
import { ConfigFinder } from '../../src/analyzer/config/config';
import { Linter } from '../../src/analyzer/linter';
import { Programs } from '../../src/analyzer/program';
import { rules } from '../../src/analyzer/rules';

/** The rules that equal one of typescript-eslint's, by id. */
export const comparedRules = ['no-floating-promises', 'no-misused-promises', 'await-thenable', 'return-await'].filter((id) =>
  rules.some((rule) => rule.id === id),
);

/** A finding: `rule file:line:column`, the file relative to the project's folder, counted from 1. */
export type Place = string;

/** Files to check with one tsconfig.json. */
export interface Project {
  /** Its folder; holds tsconfig.json. */
  readonly root: string;
  /** Absolute paths. */
  readonly files: readonly string[];
  /** Options of a rule for single files. */
  readonly options?: ReadonlyMap<string, { readonly rule: string; readonly options: Record<string, unknown> }>;
}

/** What our linter finds. */
export function ours(project: Project): Set<Place> {
  const places = new Set<Place>();
  const programs = new Programs(project.root);
  try {
    for (const group of groupsByOptions(project)) {
      const compared = rules.map((rule) => {
        const setting = comparedRules.includes(rule.id) ? rule.severity : 'off';
        return [rule.id, group.rule === rule.id && group.options ? ([rule.severity, group.options] as const) : setting] as const;
      });
      for (const report of new Linter(programs, new ConfigFinder({ preset: 'all', rules: Object.fromEntries(compared) })).check(group.files)) {
        if (report.errors.length > 0) throw new Error(`${report.path}: ${report.errors.map((error) => error.message).join(' ')}`);
        for (const finding of report.findings) {
          const at = report.unit?.sourceFile.getLineAndCharacterOfPosition(finding.start) ?? { line: 0, character: 0 };
          places.add(place(project, finding.rule, finding.path, at.line + 1, at.character + 1));
        }
      }
    }
  } finally {
    programs.close();
  }
  return places;
}

/** What typescript-eslint finds. */
export async function theirs(project: Project): Promise<Set<Place>> {
  const settings: EsLinter.RulesRecord = Object.fromEntries(comparedRules.map((id) => [`@typescript-eslint/${id}`, 'error']));
  const config: EsLinter.Config[] = [
    {
      files: ['**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}'],
      plugins: { '@typescript-eslint': tseslint.plugin as unknown as ESLint.Plugin },
      languageOptions: {
        parser: tseslint.parser,
        parserOptions: { project: path.join(project.root, 'tsconfig.json'), tsconfigRootDir: project.root },
      },
      linterOptions: { reportUnusedDisableDirectives: 'off' },
      rules: settings,
    },
  ];
  for (const { files, rule, options } of groupsByOptions(project)) {
    if (!rule || !options) continue;
    // return-await's one option is a bare string there.
    const value = rule === 'return-await' ? options['mode'] : options;
    config.push({
      files: files.map((file) => path.relative(project.root, file).split(path.sep).join('/')),
      rules: { [`@typescript-eslint/${rule}`]: ['error', value] },
    });
  }
  const eslint = new ESLint({ cwd: project.root, overrideConfigFile: true, overrideConfig: config });
  const places = new Set<Place>();
  for (const result of await eslint.lintFiles([...project.files])) {
    for (const message of result.messages) {
      if (message.fatal) throw new Error(`${result.filePath}:${message.line}: ${message.message}`);
      const rule = message.ruleId?.replace('@typescript-eslint/', '') ?? '';
      if (comparedRules.includes(rule)) places.add(place(project, rule, result.filePath, message.line, message.column));
    }
  }
  return places;
}

function place(project: Project, rule: string, file: string, line: number, column: number): Place {
  return `${rule} ${path.relative(project.root, file).split(path.sep).join('/')}:${line}:${column}`;
}

interface Group {
  files: string[];
  rule?: string;
  options?: Record<string, unknown>;
}

/** Files without options first, then each that has some. */
function groupsByOptions(project: Project): Group[] {
  const plain: Group = { files: [] };
  const groups: Group[] = [plain];
  for (const file of project.files) {
    const given = project.options?.get(file);
    if (given) groups.push({ files: [file], ...given });
    else plain.files.push(file);
  }
  return groups;
}

/** The options object that a fixture's first line gives for its rule: `// options: {…}`. */
export function fixtureOptions(file: string): Record<string, unknown> | undefined {
  const given = /^\/\/ options: (\{.*\})\r?\n/.exec(readFileSync(file, 'utf8'));
  return given ? (JSON.parse(given[1] ?? '{}') as Record<string, unknown>) : undefined;
}
