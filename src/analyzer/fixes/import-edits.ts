import { isBuiltin } from 'node:module';
import type { TextEdit } from '../finding';
import { isIdentifier, isImportDeclaration, type Node, type Statement } from '../program';
import type { EditedFile } from './await-edits';
import { isEsModule } from './await-place';
import { insert, replace } from './edits';
import { importStatements, lastLeadingImport, type ImportBinding, type ImportStatement } from './import-bindings';
import { newlineOf, quoteOf, usesSemicolons } from './text-style';

/** Changes the imports of one file, in its own style, so that calls can name other functions. */
export class ImportEdits {
  private readonly statements: readonly ImportStatement[];
  private readonly names: ReadonlyMap<string, number>;
  /** Names added to a statement's list. */
  private readonly added = new Map<ImportStatement, string[]>();
  private readonly dropped = new Set<ImportBinding>();
  private readonly taken = new Map<string, string>();
  /** New statements: imports by module, then what follows the imports. */
  private readonly fresh = new Map<string, { beside: ImportStatement | undefined; names: string[] }>();
  private readonly constants: string[] = [];

  constructor(private readonly file: EditedFile) {
    this.statements = importStatements(file.sourceFile);
    this.names = identifierCounts(file.sourceFile);
  }

  /** The binding that a local name has. */
  binding(local: string): ImportBinding | undefined {
    return this.statements.flatMap(({ bindings }) => bindings).find((one) => one.local === local);
  }

  /** Whether an identifier occurs in the file. */
  has(name: string): boolean {
    return this.names.has(name);
  }

  /** Whether a binding comes from `require`. */
  isRequired(binding: ImportBinding): boolean {
    return this.statements.some((statement) => statement.isRequire && statement.bindings.includes(binding));
  }

  /**
   * What a call writes for an export: the name or member that the file has for it already, else a name that is
   * imported, next to `beside` and like it.
   */
  reference(module: string, name: string, beside: ImportBinding | undefined): string {
    const key = `${module} ${name}`;
    const taken = this.taken.get(key);
    if (taken) return taken;
    const known = this.known(module, name);
    if (known) return known;
    const local = this.freeName(name, `${name}Async`);
    const target = this.statements.find((one) => one.module === module && one.list);
    const shown = local === name ? name : undefined;
    if (target) this.added.set(target, [...(this.added.get(target) ?? []), shown ?? renamed(name, local, target.isRequire)]);
    else {
      const next = this.statements.find(({ bindings }) => beside && bindings.includes(beside));
      const entry = this.fresh.get(module) ?? { beside: next, names: [] };
      entry.names.push(shown ?? renamed(name, local, this.writesRequire(next)));
      this.fresh.set(module, entry);
    }
    this.taken.set(key, local);
    return local;
  }

  /** The name of a constant that holds `promisify(…)` of a function, with its type where given; made where the file has none. */
  promisified(target: string, promisify: string, name: string, type: string | undefined): string {
    const key = `promisify ${target}`;
    const taken = this.taken.get(key);
    if (taken) return taken;
    const value = `${promisify}(${target})`;
    const existing = new RegExp(`^(?:const|let|var)\\s+([\\w$]+)\\s*=\\s*${escaped(value)}`, 'm').exec(this.file.text)?.[1];
    const local = existing ?? this.freeName(`${name}Async`, `${name}Promise`);
    if (!existing) this.constants.push(`const ${local} = ${value}${type === undefined ? '' : ` as ${type}`}${this.semicolon}`);
    this.taken.set(key, local);
    return local;
  }

  /** Whether an expression goes by a binding, or a constant made here does. */
  needs({ local }: ImportBinding, text: string): boolean {
    return [text, ...this.constants].some((one) => new RegExp(`(?<![\\w$.])${escaped(local)}(?![\\w$])`).test(one));
  }

  /** Drops a name that so many of its uses no longer need, where no other is left. */
  release(binding: ImportBinding, uses: number): void {
    if ((this.names.get(binding.local) ?? 0) - uses <= 1) this.dropped.add(binding);
  }

  edits(): TextEdit[] {
    const { path, sourceFile, text } = this.file;
    const newline = newlineOf(text);
    const edits: TextEdit[] = [];
    const fresh = new Map([...this.fresh].map(([module, { beside, names }]) => [this.statement(module, names, beside), beside]));
    const replaced = new Set<Statement>();
    for (const statement of this.statements) {
      const dropped = statement.bindings.filter((binding) => this.dropped.has(binding));
      const added = this.added.get(statement) ?? [];
      if (dropped.length === 0 && added.length === 0) continue;
      if (dropped.length === statement.bindings.length && added.length === 0 && isWhole(statement)) {
        // The new import takes the place of the one that nothing needs any more.
        const [next] = [...fresh].find(([, beside]) => beside === statement) ?? [];
        if (next !== undefined) {
          fresh.delete(next);
          edits.push(replace(path, { start: statement.statement.getStart(sourceFile), end: statement.statement.end }, next));
          replaced.add(statement.statement);
        } else edits.push(this.withoutLine(statement.statement));
      } else edits.push(...this.listEdits(statement, dropped, added));
    }
    const last = lastLeadingImport(sourceFile);
    const atLast: string[] = [];
    for (const [statement, beside] of fresh) {
      const place = beside?.statement ?? last;
      if (place && place !== last && !replaced.has(place)) edits.push(insert(path, place.end, newline + statement));
      else atLast.push(statement);
    }
    atLast.push(...(this.constants.length > 0 ? [...(last ? [''] : []), ...this.constants] : []));
    if (atLast.length > 0) edits.push(this.atTop(last, atLast, newline));
    return edits;
  }

  private get semicolon(): string {
    const sample = this.statements[0]?.statement.getText();
    return sample === undefined ? (usesSemicolons(this.file.text) ? ';' : '') : sample.endsWith(';') ? ';' : '';
  }

  /** What the file has for an export already. */
  known(module: string, name: string): string | undefined {
    const bindings = this.statements.flatMap((statement) => statement.bindings).filter((binding) => !this.dropped.has(binding));
    const direct = bindings.find((one) => one.module === module && one.imported === name);
    if (direct) return direct.local;
    const whole = bindings.find((one) => one.module === module && one.imported === '*');
    if (whole) return `${whole.local}.${name}`;
    // `import { promises } from 'node:fs'`
    const parent = /^(.*)\/([^/]+)$/.exec(module);
    const part = parent && bindings.find((one) => one.module === parent[1] && one.imported === parent[2]);
    return part ? `${part.local}.${name}` : undefined;
  }

  private freeName(name: string, otherwise: string): string {
    const used = new Set(this.taken.values());
    let free = name;
    for (let count = 2; this.names.has(free) || used.has(free); count++) free = free === name ? otherwise : `${otherwise}${count}`;
    return free;
  }

  private writesRequire(beside: ImportStatement | undefined): boolean {
    if (beside) return beside.isRequire && !isTypeScriptImport(beside);
    return !isEsModule(this.file.sourceFile);
  }

  private statement(module: string, names: readonly string[], beside: ImportStatement | undefined): string {
    const model = beside ?? this.statements.find(({ module: name }) => isBuiltin(name)) ?? this.statements[0];
    const shown = model?.specifier.getText();
    const quote = shown?.[0] ?? quoteOf(this.file.text);
    const prefix = model && isBuiltin(model.module) ? model.specifier.getText().slice(1).startsWith('node:') : true;
    const specifier = `${quote}${isBuiltin(module) && prefix ? 'node:' : ''}${module}${quote}`;
    const list = `{ ${names.join(', ')} }`;
    if (this.writesRequire(beside)) {
      const keyword = /^(?:const|let|var)\b/.exec(model?.statement.getText() ?? '')?.[0] ?? 'const';
      return `${keyword} ${list} = require(${specifier})${this.semicolon}`;
    }
    return `import ${list} from ${specifier}${this.semicolon}`;
  }

  private atTop(last: Statement | undefined, lines: readonly string[], newline: string): TextEdit {
    const { path, sourceFile, text } = this.file;
    if (last) return insert(path, last.end, newline + lines.join(newline));
    const shebang = /^#!.*(?:\r?\n)?/.exec(text)?.[0].length ?? 0;
    const first = sourceFile.statements[0];
    const directive = first && /^(['"])use strict\1/.test(first.getText()) ? first : undefined;
    if (directive) return insert(path, directive.end, newline + lines.join(newline));
    return insert(path, shebang, lines.join(newline) + newline + newline);
  }

  private listEdits({ list }: ImportStatement, dropped: readonly ImportBinding[], added: readonly string[]): TextEdit[] {
    const { path, sourceFile, text } = this.file;
    const elements = (list as (Node & { elements: readonly Node[] }) | undefined)?.elements ?? [];
    const gone = new Set(dropped.map(({ node }) => node));
    const edits: TextEdit[] = [];
    let rest = [...added];
    elements.forEach((element, index) => {
      if (!gone.has(element)) return;
      if (rest.length > 0) {
        edits.push(replace(path, { start: element.getStart(sourceFile), end: element.end }, rest.join(', ')));
        rest = [];
        return;
      }
      const next = elements[index + 1];
      const previous = elements.slice(0, index).findLast((one) => !gone.has(one));
      if (next) edits.push(replace(path, { start: element.getStart(sourceFile), end: next.getStart(sourceFile) }, ''));
      else if (previous) edits.push(replace(path, { start: previous.end, end: element.end }, ''));
    });
    const lastElement = elements[elements.length - 1];
    if (rest.length > 0 && lastElement) {
      const before = elements[elements.length - 2]?.end ?? (list?.getStart(sourceFile) ?? 0) + 1;
      const gap = /^,?\s*/.exec(text.slice(before, lastElement.getStart(sourceFile)))?.[0] ?? ' ';
      const separator = /\n/.test(gap) ? gap.replace(/^,?/, ',') : ', ';
      edits.push(insert(path, lastElement.end, rest.map((name) => separator + name).join('')));
    }
    return edits;
  }

  /** Removes a statement with its line. */
  private withoutLine(statement: Statement): TextEdit {
    const { path, sourceFile, text } = this.file;
    const rest = /^[ \t]*(?:\r?\n)?/.exec(text.slice(statement.end))?.[0].length ?? 0;
    return replace(path, { start: statement.getStart(sourceFile), end: statement.end + rest }, '');
  }
}

/** Whether a statement gives nothing but its bindings' names: `import fs, { readFileSync } …` keeps its other half. */
function isWhole({ bindings, list, statement }: ImportStatement): boolean {
  const elements = (list as (Node & { elements: readonly Node[] }) | undefined)?.elements.length ?? 0;
  const clause = isImportDeclaration(statement) ? statement.importClause : undefined;
  return bindings.length === elements + (clause?.name ? 1 : 0) || elements === 0;
}

function isTypeScriptImport({ statement }: ImportStatement): boolean {
  return statement.getText().startsWith('import');
}

function renamed(name: string, local: string, isRequire: boolean): string {
  return isRequire ? `${name}: ${local}` : `${name} as ${local}`;
}

/** How often each identifier occurs in a file. */
function identifierCounts(sourceFile: Node): Map<string, number> {
  const counts = new Map<string, number>();
  const visit = (node: Node): void => {
    if (isIdentifier(node)) counts.set(node.text, (counts.get(node.text) ?? 0) + 1);
    node.forEachChild(visit);
  };
  visit(sourceFile);
  return counts;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
