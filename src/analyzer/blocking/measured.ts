// Lines that were seen blocking the event loop in a running program, beside what the call graph knows of them.
import { blockedText } from '../../tracer/live/blocked-text';
import { isCallExpression, type SourceUnit } from '../program';
import { apiLabel } from './catalogue';
import { fileFacts, type Site } from './facts';
import type { BlockingCall, BlockingGraph } from './graph';

/** All blocks that were measured at one line. */
export interface MeasuredBlock {
  /** From 1. */
  readonly line: number;
  /** False: what blocked stands at this line or shortly before it. */
  readonly exact: boolean;
  /** The function of Node's or of a package that the line called; absent where the line's own code ran. */
  readonly calls?: string;
  readonly count: number;
  readonly longestMs: number;
}

/** What was measured in a file, by its path. */
export type Measured = (path: string) => readonly MeasuredBlock[];

/** A measured line that the call graph has no finding for. */
export interface UnforeseenBlock {
  readonly at: { readonly start: number; readonly end: number };
  readonly message: string;
  /** The call at the line that blocks, where it is one of an API of the catalogue. */
  readonly call: BlockingCall | undefined;
}

/** What was measured of a call that the graph has found: at its own line, or at one that it reaches. */
export function measuredOf({ chain }: BlockingCall, measured: Measured): MeasuredBlock | undefined {
  for (const site of [...chain].reverse()) {
    const line = lineOf(site);
    const found = measured(site.within.path).find((block) => block.line === line);
    if (found) return found;
  }
  return undefined;
}

/** `Measured: it blocked the event loop up to 230 ms, 14×.` */
export function measuredSentence(block: MeasuredBlock): string {
  return `Measured: it ${blockedText(block)}.`;
}

/** The measured lines of a file that none of the calls found in it accounts for. */
export function unforeseenBlocks(unit: SourceUnit, graph: BlockingGraph, found: readonly BlockingCall[], measured: Measured): UnforeseenBlock[] {
  const blocks = measured(unit.path);
  if (blocks.length === 0) return [];
  const foreseen = new Set(found.flatMap(({ chain }) => chain.filter((site) => site.within.path === unit.path).map(lineOf)));
  const sites = fileFacts(unit.sourceFile).functions.flatMap((each) => each.sites).filter((site) => site.kind === 'call');
  return blocks.flatMap((block): UnforeseenBlock[] => {
    if (foreseen.has(block.line)) return [];
    const call = blockingSite(graph, sites.filter((site) => lineOf(site) === block.line), block);
    if (call) {
      const instead = call.api.replacement === undefined ? '' : ` Use ${call.api.replacement}.`;
      return [{ at: calleeSpan(call.site), message: `${apiLabel(call.api)} ${blockedText(block)} (measured).${instead}`, call }];
    }
    const at = lineSpan(unit, block.line);
    const where = block.exact ? 'This line' : 'This line, or one shortly before it,';
    const what = block.calls === undefined ? '' : `, in ${block.calls}`;
    return at ? [{ at, message: `${where} ${blockedText(block)}${what} (measured). Do less of it at once, or do it in a worker thread.`, call: undefined }] : [];
  });
}

/** The call of a known API among those of a line: the one that was seen on the stack, where several could be meant. */
function blockingSite(graph: BlockingGraph, sites: readonly Site[], { calls }: MeasuredBlock): BlockingCall | undefined {
  const candidates = sites.flatMap((site) => {
    const target = graph.blockedAt(site);
    return target && 'api' in target ? [{ site, api: target.api }] : [];
  });
  const chosen = candidates.find(({ site }) => site.name === calls) ?? candidates[0];
  return chosen && { ...chosen, within: chosen.site.within, context: 'callback', chain: [chosen.site], isMinor: false };
}

/** The line of the name that is called: where the stack says that the call is. */
function lineOf({ nameNode }: Site): number {
  return nameNode.getSourceFile().getLineAndCharacterOfPosition(nameNode.getStart()).line + 1;
}

function calleeSpan({ node, nameNode }: Site): { start: number; end: number } {
  return { start: node.getStart(), end: isCallExpression(node) ? node.expression.end : nameNode.end };
}

/** A line without the space around it; undefined for one that is empty or not there. */
function lineSpan({ text }: SourceUnit, line: number): { start: number; end: number } | undefined {
  let from = 0;
  for (let count = 1; count < line; count++) {
    from = text.indexOf('\n', from) + 1;
    if (from === 0) return undefined;
  }
  const end = text.indexOf('\n', from);
  const whole = text.slice(from, end < 0 ? undefined : end);
  const start = from + whole.length - whole.trimStart().length;
  const length = whole.trim().length;
  return length > 0 ? { start, end: start + length } : undefined;
}
