import type { BlockingApi } from '../blocking/catalogue';
import type { Refusal, TextEdit } from '../finding';
import {
  TypeFlags,
  isCallExpression,
  isIdentifier,
  isPropertyAccessExpression,
  type Asking,
  type CallExpression,
  type Identifier,
  type Node,
  type Project,
  type PropertyAccessExpression,
  type SourceFile,
} from '../program';
import { skipOuterExpressions } from '../syntax/expressions';
import type { Around } from './await-edits';
import { replace } from './edits';
import { bareModule, requiredModule, type ImportBinding } from './import-bindings';
import { ImportEdits } from './import-edits';
import { promiseForm, type PromiseForm } from './promise-form';

interface Rewritten {
  readonly call: CallExpression;
  readonly callee: Identifier | PropertyAccessExpression;
  readonly form: PromiseForm;
}

/** Rewrites blocking calls into their promise forms, in any number of files. */
export class PromiseCalls {
  private readonly calls = new Map<Node, Rewritten>();

  has(call: Node): boolean {
    return this.calls.has(call);
  }

  /** Takes a call on; gives what is written around it when it is awaited, or why it has no promise form. */
  add(call: Node, api: BlockingApi): Around | Refusal {
    const name = `'${api.export}'`;
    if (!isCallExpression(call)) return { refused: `${name} has no promise form.` };
    const callee = skipOuterExpressions(call.expression);
    const form = promiseForm(api, call);
    if (!form) return { refused: `${name} has no promise form.` };
    if ('refused' in form) return form;
    const chained = isPropertyAccessExpression(callee) && callee.questionDotToken;
    if (call.questionDotToken || chained || !(isIdentifier(callee) || isPropertyAccessExpression(callee))) {
      return { refused: `the call is not written as ${name} or as a member of its module.` };
    }
    this.calls.set(call, { call, callee, form });
    return { before: form.before, after: form.after, pick: form.pick };
  }

  /** The promise API takes no numeric file descriptor where the blocking one does; JavaScript is not told by the compiler. */
  *takesDescriptor({ checker }: Project): Asking<Refusal | undefined> {
    for (const { call, form } of this.calls.values()) {
      const [first] = call.arguments;
      if (form.module !== 'fs/promises' || !first) continue;
      const type = yield* checker.getTypeAtLocation.gen(first);
      if (type.flags & TypeFlags.NumberLike) return { refused: `'${form.name}' takes no numeric file descriptor.` };
    }
    return undefined;
  }

  /** The edits of callees and imports. */
  edits(): TextEdit[] | Refusal {
    const byFile = new Map<SourceFile, Rewritten[]>();
    for (const one of this.calls.values()) {
      const sourceFile = one.call.getSourceFile();
      byFile.set(sourceFile, [...(byFile.get(sourceFile) ?? []), one]);
    }
    const edits: TextEdit[] = [];
    for (const [sourceFile, calls] of byFile) {
      const file = { path: sourceFile.fileName, text: sourceFile.text, sourceFile };
      const imports = new ImportEdits(file);
      const unused = new Map<ImportBinding, number>();
      for (const one of calls) {
        const { callee } = one;
        const text = calleeText(imports, one);
        if (text === undefined) return { refused: `'${callee.getText()}' is not imported in a way that can be followed.` };
        edits.push(replace(file.path, { start: callee.getStart(sourceFile), end: callee.end }, text));
        const root = isIdentifier(callee) ? callee : callee.expression;
        const binding = isIdentifier(root) ? imports.binding(root.text) : undefined;
        if (binding && !imports.needs(binding, text)) unused.set(binding, (unused.get(binding) ?? 0) + 1);
      }
      for (const [binding, count] of unused) imports.release(binding, count);
      edits.push(...imports.edits());
    }
    return edits;
  }
}

/** What is called in place of the blocking function; undefined where it cannot be traced to an import. */
function calleeText(imports: ImportEdits, { call, callee, form }: Rewritten): string | undefined {
  const type = form.typedLike && /\.[cm]?tsx?$/.test(call.getSourceFile().fileName) ? typeLike(callee.getText()) : undefined;
  if (isIdentifier(callee)) {
    const beside = imports.binding(callee.text);
    if (form.method || beside === undefined || beside.imported === '*') return undefined;
    const { module, promisify } = formIn(beside.module, form);
    const target = imports.reference(module, form.name, beside);
    return promisify ? imports.promisified(target, imports.reference('util', 'promisify', beside), form.name, type) : target;
  }
  const owner = callee.expression;
  if (form.method) return `${owner.getText()}.${form.name}`;
  const beside = isIdentifier(owner) ? imports.binding(owner.text) : undefined;
  const inline = requiredModule(owner);
  if (!inline && beside?.imported !== '*') return undefined;
  const { module, promisify } = formIn(inline ? bareModule(inline.text) : (beside?.module ?? ''), form);
  if (promisify) {
    const target = `${owner.getText()}.${form.name}`;
    return imports.promisified(target, imports.reference('util', 'promisify', beside), form.name, type);
  }
  if (module !== 'fs/promises') return `${owner.getText()}.${form.name}`;
  return imports.known(module, form.name) ?? `${owner.getText()}.promises.${form.name}`;
}

/** A function of the arguments and the result of another, the result as a promise. */
function typeLike(name: string): string {
  return `(...args: Parameters<typeof ${name}>) => Promise<ReturnType<typeof ${name}>>`;
}

/** fs-extra's own functions give promises already. */
function formIn(imported: string, form: PromiseForm): { module: string; promisify: boolean } {
  if (imported === 'fs-extra' && /^fs(\/promises)?$/.test(form.module)) return { module: imported, promisify: false };
  return { module: form.module, promisify: form.promisify === true };
}
