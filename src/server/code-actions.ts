import {
  CodeActionKind,
  LSPErrorCodes,
  ResponseError,
  type CancellationToken,
  type CodeAction,
  type CodeActionParams,
  type Diagnostic,
  type Range,
} from 'vscode-languageserver/node';
import { silencings } from '../analyzer/disable-comments';
import type { Finding, TextEdit } from '../analyzer/finding';
import type { Offer } from '../analyzer/fixes';
import type { Analysis } from './analysis';
import type { OpenFile, Shown } from './shown-findings';
import { editsBetween, workspaceEdit } from './workspace-edit';

export const fixAllKind = `${CodeActionKind.SourceFixAll}.asyncscope`;

/** The kinds that the server offers. */
export const codeActionKinds = [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite, fixAllKind];

const kindOf = { quickfix: CodeActionKind.QuickFix, refactor: CodeActionKind.RefactorRewrite };

/** Finds an action's edits again when the editor wants them. */
interface ActionData {
  path: string;
  version: number;
  action: 'fix' | 'silence' | 'fix-all';
  /** Which finding, and which of what can be done about it. */
  rule: string;
  start: number;
  title: string;
}

/** What the client can take. */
export interface CodeActionSupport {
  /** Edits are asked for one action at a time. */
  readonly resolve: boolean;
  /** Actions that cannot be taken may be shown, with the reason. */
  readonly disabled: boolean;
  readonly versionedEdits: boolean;
}

/** What code actions are made of. */
export interface CodeActionSources {
  readonly analysis: Analysis;
  /** What is shown of an open file, in the current snapshot; undefined where it is not checked. */
  fresh(path: string): Shown | undefined;
  openFile(path: string): OpenFile | undefined;
}

export class CodeActions {
  /** Offers belong to the findings of one snapshot. */
  private readonly offers = new WeakMap<Finding, Offer>();

  constructor(
    private readonly sources: CodeActionSources,
    private readonly support: CodeActionSupport,
  ) {}

  /** What can be done about the findings at a place. */
  list(path: string, { range, context }: CodeActionParams, cancellation: CancellationToken): CodeAction[] {
    const wants = (kind: string): boolean => !context.only || context.only.some((only) => only === '' || kind === only || kind.startsWith(`${only}.`));
    // Saving asks for kinds that are others' business, and must not wait for a check.
    if (cancellation.isCancellationRequested || !codeActionKinds.some((kind) => wants(kind))) return [];
    const shown = this.sources.fresh(path);
    const version = this.sources.openFile(path)?.version;
    if (!shown || version === undefined) return [];
    const here = shown.report.findings.filter((_, index) => touches(shown.diagnostics[index]?.range, range));
    const actions: CodeAction[] = [];
    if (wants(CodeActionKind.QuickFix) || wants(CodeActionKind.RefactorRewrite)) {
      const offers = this.offersOf(here);
      here.forEach((finding, index) => actions.push(...this.fixActions(finding, offers[index], shown, version)));
      const silencing = here.flatMap((finding) => this.silencingActions(finding, shown, version));
      actions.push(...silencing.filter(({ title }, index) => silencing.findIndex((other) => other.title === title) === index));
    }
    if (shown.report.findings.some(({ fixes }) => fixes.some(({ safe }) => safe))) {
      const data: ActionData = { path, version, action: 'fix-all', rule: '', start: 0, title: '' };
      actions.push({ title: 'Fix all async hazards that have a safe fix', kind: fixAllKind, diagnostics: this.fixedByAll(shown), data });
    }
    const wanted = actions.filter(({ kind = '' }) => wants(kind));
    return this.support.resolve ? wanted : wanted.map((action) => (action.disabled ? action : this.resolve(action)));
  }

  /** The action with its edits. Throws ContentModified where the text has changed since it was listed. */
  resolve(action: CodeAction): CodeAction {
    const data = action.data as ActionData;
    const { path, version } = data;
    const shown = this.sources.openFile(path)?.version === version ? this.sources.fresh(path) : undefined;
    const edits = shown && this.edits(shown, data);
    if (!edits) throw new ResponseError(LSPErrorCodes.ContentModified, 'The text has changed since this action was offered.');
    const files = { open: (file: string) => this.sources.openFile(file), text: (file: string) => this.textOf(file) };
    return { ...action, edit: workspaceEdit(edits, files, this.support.versionedEdits) };
  }

  private edits(shown: Shown, data: ActionData): readonly TextEdit[] | undefined {
    if (data.action === 'fix-all') return this.fixAllEdits(data.path);
    const finding = shown.report.findings.find(({ rule, start }) => rule === data.rule && start === data.start);
    if (!finding || !shown.report.unit) return undefined;
    if (data.action === 'fix') return this.offersOf([finding])[0]?.fixes.find(({ title }) => title === data.title)?.edits;
    const silencing = silencings(finding, shown.report.unit.sourceFile).find(({ title }) => title === data.title);
    return silencing && [silencing.edit];
  }

  private fixAllEdits(path: string): TextEdit[] | undefined {
    const texts = this.sources.analysis.attempt(({ fixer, linter }) => fixer.applySafe(linter, [path]).texts);
    return texts && [...texts].flatMap(([file, text]) => editsBetween(file, this.textOf(file), text.replace(/^\uFEFF/, '')));
  }

  private fixActions({ rule, start }: Finding, offer: Offer | undefined, shown: Shown, version: number): CodeAction[] {
    const { path } = shown.report;
    const diagnostics = diagnosticsOf(shown, rule, start);
    const actions = (offer?.fixes ?? []).map(({ title, kind, preferred }): CodeAction => {
      const data: ActionData = { path, version, action: 'fix', rule, start, title };
      return { title, kind: kindOf[kind], diagnostics, ...(preferred && { isPreferred: true }), data };
    });
    const refused = this.support.disabled ? (offer?.refused ?? []) : [];
    return [...actions, ...refused.map(({ title, kind, reason }) => ({ title, kind: kindOf[kind], diagnostics, disabled: { reason } }))];
  }

  private silencingActions(finding: Finding, shown: Shown, version: number): CodeAction[] {
    const { rule, start, path } = finding;
    if (!shown.report.unit) return [];
    return silencings(finding, shown.report.unit.sourceFile).map(({ title }) => {
      const data: ActionData = { path, version, action: 'silence', rule, start, title };
      return { title, kind: CodeActionKind.QuickFix, diagnostics: diagnosticsOf(shown, rule, start), data };
    });
  }

  private fixedByAll({ report, diagnostics }: Shown): Diagnostic[] {
    return diagnostics.filter((_, index) => report.findings[index]?.fixes.some(({ safe }) => safe));
  }

  /** The compiled fixes of findings. Without a compiler there are none. */
  private offersOf(findings: readonly Finding[]): (Offer | undefined)[] {
    const missing = findings.filter((finding) => finding.fixes.length > 0 && !this.offers.has(finding));
    if (missing.length > 0) {
      const offers = this.sources.analysis.attempt(({ fixer }) => fixer.offered(missing));
      missing.forEach((finding, index) => {
        const offer = offers?.[index];
        if (offer) this.offers.set(finding, offer);
      });
    }
    return findings.map((finding) => this.offers.get(finding));
  }

  private textOf(path: string): string {
    return this.sources.openFile(path)?.text ?? this.sources.analysis.textOf(path) ?? '';
  }
}

function diagnosticsOf(shown: Shown, rule: string, start: number): Diagnostic[] {
  return shown.diagnostics.filter((_, index) => {
    const finding = shown.report.findings[index];
    return finding?.rule === rule && finding.start === start;
  });
}

function touches(one: Range | undefined, other: Range): boolean {
  if (!one) return false;
  const before = (a: Range, b: Range): boolean =>
    a.end.line < b.start.line || (a.end.line === b.start.line && a.end.character < b.start.character);
  return !before(one, other) && !before(other, one);
}
