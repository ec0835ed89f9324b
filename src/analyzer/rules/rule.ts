import type { Measured } from '../blocking/measured';
import type { FixProposal, Related, Severity } from '../finding';
import type { Asking, Node, SourceUnit, SyntaxKind } from '../program';
import type { Shared } from '../shared';

/** `recommended` is on by default; `strict` adds rules that ask for more discipline; `all` adds matters of taste. */
export type Preset = 'recommended' | 'strict' | 'all';

export const presets: readonly Preset[] = ['recommended', 'strict', 'all'];

export type RuleGroup = 'un-awaited' | 'blocking' | 'concurrency' | 'lifetime' | 'style';

/** A JSON schema for a rule's options object; `default` of each property is what holds when it is not given. */
export interface OptionsSchema {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly properties: Readonly<
    Record<string, { readonly description: string; readonly default: unknown } & Readonly<Record<string, unknown>>>
  >;
}

/** What a rule reports: where, what, and how it can be mended. */
export interface Report {
  /** The node to mark, or a stretch of the file. */
  readonly at: Node | { readonly start: number; readonly end: number };
  readonly message: string;
  /** In place of the rule's own severity. */
  readonly severity?: Severity;
  readonly related?: readonly Related[];
  readonly unnecessary?: boolean;
  readonly fixes?: readonly FixProposal[];
}

/** What a rule sees of one file. */
export interface RuleContext<Options extends object = object> {
  readonly unit: SourceUnit;
  readonly options: Options;
  /** What was measured in running programs. */
  readonly measured: Measured;
  report(report: Report): void;
  /** Knowledge of the whole project that several files or rules need; made once for each snapshot. */
  shared<T>(fact: Shared<T>): T;
}

/** Called for each node of a kind, parents before children. What asks the compiler is a generator (`yield*`). */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the kind decides the node's type; each rule names it
export type Listener = (node: any) => Asking<void> | void;

export type Listeners = { readonly [Kind in SyntaxKind]?: Listener };

/** A rule: plain data beside one function. */
export interface Rule<Options extends object = object> {
  readonly id: string;
  /** One sentence: what is wrong with the code that it flags. */
  readonly description: string;
  readonly group: RuleGroup;
  readonly severity: Severity;
  readonly preset: Preset;
  /** Rules of other linters that mean the same: their `eslint-disable` counts, and where they are on ours steps back. */
  readonly equals: readonly string[];
  /** Rules of other linters that overlap with this one: their `eslint-disable` counts, but ours does not step back. */
  readonly silencedBy?: readonly string[];
  readonly schema: OptionsSchema;
  listen(context: RuleContext<Options>): Listeners;
}

/** The schema of a rule that has no options. */
export const noOptions: OptionsSchema = { type: 'object', additionalProperties: false, properties: {} };

/** The options a rule works with when none are given. */
export function defaultOptions(rule: Rule): Record<string, unknown> {
  return Object.fromEntries(Object.entries(rule.schema.properties).map(([name, property]) => [name, property.default]));
}
