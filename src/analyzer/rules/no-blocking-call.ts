import { apiLabel, costs, type Cost } from '../blocking/catalogue';
import { blockingGraph, type BlockingCall } from '../blocking/graph';
import { measuredOf, measuredSentence, unforeseenBlocks } from '../blocking/measured';
import type { Related, Severity } from '../finding';
import { blockingCallFixes } from '../fixes/blocking-call';
import { SyntaxKind, isCallExpression, isNewExpression, isTaggedTemplateExpression, type Node } from '../program';
import type { Rule } from './rule';

interface Options {
  allow: readonly string[];
  minimumCost: Cost;
}

/** Blocking calls that async code runs, directly or through any number of functions in any file. */
export const noBlockingCall: Rule<Options> = {
  id: 'no-blocking-call',
  description: 'A call in async code blocks the event loop: while it runs, no timer, request or promise of the process moves.',
  group: 'blocking',
  severity: 'warning',
  preset: 'recommended',
  equals: [],
  silencedBy: ['n/no-sync', 'node/no-sync', 'no-sync'],
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      allow: {
        description: 'APIs that may block, as messages name them: `fs.existsSync`, `DatabaseSync.exec`; `fs.*` for all of a module.',
        type: 'array',
        items: { type: 'string' },
        default: [],
      },
      minimumCost: {
        description: 'Report only what costs at least this: `low` (microseconds), `size` (depends on the input), `medium` (up to a millisecond), `high`, `unbounded`.',
        enum: costs,
        default: 'low',
      },
    },
  },
  listen(context) {
    const { allow, minimumCost } = context.options;
    const isAllowed = (label: string): boolean => allow.includes(label) || allow.includes(`${label.slice(0, label.lastIndexOf('.'))}.*`);
    return {
      [SyntaxKind.SourceFile]() {
        const { unit, measured } = context;
        const graph = context.shared(blockingGraph);
        const calls = graph.callsIn(unit.sourceFile).filter((call) => !isAllowed(apiLabel(call.api)));
        for (const call of calls) {
          const block = measuredOf(call, measured);
          if (!block && costs.indexOf(call.api.cost) < costs.indexOf(minimumCost)) continue;
          const message = messageOf(call, graph.functionAt(call.site)?.label);
          context.report({
            at: markedSpan(call.site.node),
            message: block ? `${message} ${measuredSentence(block)}` : message,
            severity: block ? atLeastWarning(severityOf(call)) : severityOf(call),
            related: chainOf(call),
            fixes: blockingCallFixes(unit, graph, call),
          });
        }
        for (const { at, message, call } of unforeseenBlocks(unit, graph, calls, measured)) {
          if (call && isAllowed(apiLabel(call.api))) continue;
          context.report({ at, message, severity: 'warning', fixes: call ? blockingCallFixes(unit, graph, call) : [] });
        }
        // What could be found is told all the same.
        const { failures } = graph.memory;
        if (failures.has(unit.path)) throw failures.get(unit.path);
      },
    };
  },
};

function atLeastWarning(severity: Severity): Severity {
  return severity === 'error' ? 'error' : 'warning';
}

const inAsyncCode: Readonly<Record<Cost, Severity>> = { low: 'hint', size: 'hint', medium: 'info', high: 'warning', unbounded: 'error' };

const severities: Readonly<Record<BlockingCall['context'], Readonly<Record<Cost, Severity>>>> = {
  handler: { low: 'hint', size: 'info', medium: 'warning', high: 'error', unbounded: 'error' },
  callback: { ...inAsyncCode, medium: 'warning' },
  reaction: inAsyncCode,
  async: inAsyncCode,
};

/** So many calls deep, much decides on the way whether a millisecond is spent at all. */
const deep = 3;

function severityOf({ context, api, chain, isMinor }: BlockingCall): Severity {
  const isFaint = context !== 'handler' && api.cost === 'medium' && chain.length > deep;
  return isMinor || isFaint ? 'hint' : severities[context][api.cost];
}

const costTexts: Readonly<Record<Cost, string>> = {
  low: 'low cost: microseconds',
  size: 'cost grows with its input',
  medium: 'medium cost: up to a millisecond, more on a slow disk',
  high: 'high cost: milliseconds to seconds',
  unbounded: 'unbounded cost: until something else is done',
};

const contextTexts: Readonly<Record<BlockingCall['context'], string>> = {
  handler: 'in a request handler',
  callback: 'in a callback of the event loop',
  reaction: 'in a callback of the event loop',
  async: 'in async code',
};

function messageOf({ site, api, context, chain }: BlockingCall, called: string | undefined): string {
  const name = apiLabel(api);
  const cost = costTexts[api.cost];
  const instead = api.replacement === undefined ? '' : ` Use ${api.replacement}.`;
  if (chain.length === 1) return `${name} blocks the event loop ${contextTexts[context]} (${cost}).${instead}`;
  const calls = chain.length - 1;
  const subject = called === undefined || called.includes(' ') && !called.startsWith('new ') ? site.name : called;
  return `${subject} blocks the event loop ${contextTexts[context]}: it reaches ${name} through ${calls === 1 ? 'one call' : `${calls} calls`} (${cost}).`;
}

function chainOf({ api, chain }: BlockingCall): Related[] {
  return chain.slice(1).map((site, index) => {
    const message = index === chain.length - 2 ? `${site.within.label} calls ${apiLabel(api)}.` : `${site.within.label} calls ${site.name}.`;
    return { path: site.within.path, ...markedSpan(site.node), message };
  });
}

/** What is marked of a call: the callee, so that a long argument list stays unmarked. */
function markedSpan(node: Node): { start: number; end: number } {
  const callee = isCallExpression(node) || isNewExpression(node) ? node.expression : isTaggedTemplateExpression(node) ? node.tag : node;
  return { start: node.getStart(), end: callee.end };
}
