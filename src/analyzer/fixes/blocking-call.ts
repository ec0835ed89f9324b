import { fileFacts } from '../blocking/facts';
import type { BlockingCall, BlockingGraph } from '../blocking/graph';
import type { FixProposal, Refusal, TextEdit } from '../finding';
import { isCallExpression, type Asking, type Node, type SourceUnit } from '../program';
import { isAsync, isFunctionNode, type FunctionNode } from '../syntax/functions';
import { placeOf } from '../syntax/places';
import { describeFunction } from './async-function';
import { Migration } from './async-migration';
import { callsOf, isOnlyHandedOver } from './callers';
import { PromiseCalls } from './promise-calls';
import { promiseForm } from './promise-form';
import { workerThreadFixes } from './worker-thread';

/**
 * The fixes of a blocking call: its promise form, awaited. Where the call lies in a function that is not async, that one
 * becomes async with all its callers, and so does whatever else blocks in them.
 */
export function blockingCallFixes(unit: SourceUnit, graph: BlockingGraph, found: BlockingCall): FixProposal[] {
  const { api, chain } = found;
  const last = chain[chain.length - 1];
  const call = last?.node;
  if (!last || !call || !isCallExpression(call) || last.kind !== 'call') return [];
  const form = promiseForm(api, call);
  if (!form) return chain.length === 1 ? workerThreadFixes(unit, api, call) : [];
  const owner = last.within.node;
  const helper = chain.length > 1 && isFunctionNode(owner) ? owner : undefined;
  const what = title('refused' in form ? undefined : form, helper);
  const callback = found.within.node;
  return [
    { title: what, kind: 'quickfix', preferred: true, edits: () => migrate(unit, graph, call, found) },
    ...(isFunctionNode(callback) && !isAsync(callback) ? [detachedFix(unit, graph, call, found, callback, what)] : []),
  ];
}

/** The event loop's own callbacks are not waited for: one may become async, but a failure is then a rejection. */
function detachedFix(unit: SourceUnit, graph: BlockingGraph, call: Node, found: BlockingCall, callback: FunctionNode, what: string): FixProposal {
  return {
    title: `${what}, in an async callback (a failure becomes an unhandled rejection)`,
    kind: 'refactor',
    *edits() {
      const callers = yield* callsOf(unit.project, callback);
      if (!('refused' in callers)) return [];
      if (!(yield* isOnlyHandedOver(unit.project, callback))) return callers;
      return yield* migrate(unit, graph, call, found, callback);
    },
  };
}

function title(form: { module: string; name: string; promisify?: boolean; note?: string } | undefined, helper: FunctionNode | undefined): string {
  const name = form ? `'${form.name}'${form.module === 'fs/promises' ? " of 'fs/promises'" : ''}` : 'its promise form';
  const note = form?.note ? ` (${form.note})` : '';
  const how = form?.promisify ? `promisified ${name}` : name;
  return helper ? `Make ${describeFunction(helper)} async, awaiting what blocks in it: ${how}${note}` : `Await ${how} instead${note}`;
}

function* migrate(
  unit: SourceUnit,
  graph: BlockingGraph,
  call: Node,
  { api }: BlockingCall,
  detached?: FunctionNode,
): Asking<readonly TextEdit[] | Refusal> {
  const calls = new PromiseCalls();
  const take = (node: Node, blocking: BlockingCall['api']): Refusal | undefined => {
    if (calls.has(node)) return undefined;
    if (!isOf(unit, node)) return { refused: `the call at ${placeOf(node)} is in another program.` };
    const around = calls.add(node, blocking);
    if ('refused' in around) return around;
    return isCallExpression(node) ? migration.await(node, around) : undefined;
  };
  const migration: Migration = new Migration(unit.project, (node) => {
    // An async function that still blocks would be a new finding: all that blocks in it goes along.
    for (const site of fileFacts(node.getSourceFile()).byNode.get(node)?.sites ?? []) {
      const target = graph.blockedAt(site);
      if (!target || site.kind !== 'call') continue;
      if ('api' in target) {
        const obstacle = take(site.node, target.api);
        if (obstacle) return { refused: `${describeFunction(node)} would have to be async, but ${obstacle.refused}` };
      } else if (isFunctionNode(target.run.node)) {
        if (!isOf(unit, target.run.node)) return { refused: `${describeFunction(target.run.node)} would have to be async, but is in another program.` };
        migration.add(target.run.node);
      }
    }
    return undefined;
  }, detached);
  const obstacle = take(call, api);
  if (obstacle) return obstacle;
  const others = yield* migration.finish();
  if ('refused' in others) return others;
  const descriptor = yield* calls.takesDescriptor(unit.project);
  if (descriptor) return descriptor;
  const own = calls.edits();
  return 'refused' in own ? own : [...own, ...others];
}

/** Whether a node is of a unit's program: the way to what blocks may lead through files that only other programs hold. */
function isOf({ project }: SourceUnit, node: Node): boolean {
  const sourceFile = node.getSourceFile();
  return project.program.getSourceFile(sourceFile.fileName) === sourceFile;
}
