import type { BlockingApi } from '../blocking/catalogue';
import type { FixProposal, TextEdit } from '../finding';
import { isArrowFunction, isFunctionExpression, isIdentifier, isPropertyAccessExpression, isSpreadElement, type CallExpression, type SourceUnit } from '../program';
import { skipOuterExpressions } from '../syntax/expressions';
import { Migration } from './async-migration';
import { insert, mergeInsertions, replace } from './edits';
import { ImportEdits } from './import-edits';
import { indentUnit, newlineOf, quoteOf, usesSemicolons } from './text-style';

/** The refactoring of a call that has no asynchronous form: a package's function is run in a worker thread. */
export function workerThreadFixes(unit: SourceUnit, api: BlockingApi, call: CallExpression): FixProposal[] {
  if (api.replacement !== 'a worker thread' || !/^[\w$]+$/.test(api.export)) return [];
  return [
    {
      title: `Run '${api.export}' in a worker thread (its arguments and its result are copied)`,
      kind: 'refactor',
      *edits() {
        const { path, sourceFile, text } = unit;
        const [first] = call.arguments;
        const last = call.arguments[call.arguments.length - 1];
        if (!first || !last) return { refused: 'it is given no arguments.' };
        if (call.arguments.some((argument) => isSpreadElement(argument) || isArrowFunction(argument) || isFunctionExpression(argument))) {
          return { refused: 'a function cannot be copied to another thread.' };
        }
        const callee = skipOuterExpressions(call.expression);
        const root = isPropertyAccessExpression(callee) ? callee.expression : callee;
        const imports = new ImportEdits(unit);
        const binding = isIdentifier(root) ? imports.binding(root.text) : undefined;
        if (!binding || call.questionDotToken) return { refused: `'${callee.getText()}' is not imported in a way that can be followed.` };
        if (imports.has('runInWorker')) return { refused: "the file has a 'runInWorker' of its own." };
        const migration = new Migration(unit.project);
        const obstacle = migration.await(call);
        if (obstacle) return obstacle;
        const others = yield* migration.finish();
        if ('refused' in others) return others;
        const isTypeScript = /\.[cm]?tsx?$/.test(path);
        const quote = quoteOf(text);
        const isRequire = imports.isRequired(binding);
        const module = `${quote}${binding.module}${quote}`;
        const location = isRequire ? `require('node:url').pathToFileURL(require.resolve(${module})).href` : `import.meta.resolve(${module})`;
        const worker = imports.reference('worker_threads', 'Worker', binding);
        const type = isTypeScript ? `<ReturnType<typeof ${callee.getText()}>>` : '';
        if (!isTypeScript) imports.release(binding, 1);
        const own: TextEdit[] = [
          replace(path, { start: callee.getStart(sourceFile), end: callee.end }, `runInWorker${type}`),
          insert(path, first.getStart(sourceFile), `${location}, ${quote}${api.export}${quote}, [`),
          insert(path, last.end, ']'),
          ...imports.edits(),
          insert(path, text.length, helper(text, worker, isTypeScript)),
        ];
        return mergeInsertions([...others, ...own]);
      },
    },
  ];
}

/** The function that runs an export of a module in a worker thread. */
function helper(text: string, worker: string, isTypeScript: boolean): string {
  const newline = newlineOf(text);
  const step = indentUnit(text);
  const quote = quoteOf(text);
  const end = usesSemicolons(text) ? ';' : '';
  const head = isTypeScript ? 'function runInWorker<T>(module: string, name: string, args: unknown[]): Promise<T>' : 'function runInWorker(module, name, args)';
  const lines = [
    ...(/\n$/.test(text) ? [] : ['']),
    '',
    '/** Runs an export of a module in a worker thread. */',
    `${head} {`,
    '\tconst code = `',
    "\t\tconst { parentPort, workerData } = require('node:worker_threads');",
    '\t\timport(workerData.module).then(async (exports) => {',
    '\t\t\tconst run = exports[workerData.name] ?? exports.default[workerData.name];',
    '\t\t\tparentPort.postMessage(await run(...workerData.args));',
    `\t\t});\`${end}`,
    `\treturn new Promise((resolve, reject) => {`,
    `\t\tconst worker = new ${worker}(code, { eval: true, workerData: { module, name, args } })${end}`,
    `\t\tworker.once(${quote}message${quote}, resolve)${end}`,
    `\t\tworker.once(${quote}error${quote}, reject)${end}`,
    `\t})${end}`,
    '}',
    '',
  ];
  return lines.map((line) => line.replace(/\t/g, step)).join(newline);
}
