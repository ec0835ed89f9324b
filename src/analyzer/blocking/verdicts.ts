import { costs, type BlockingApi } from './catalogue';
import { declaredContext } from './context';
import type { FunctionFacts, Site } from './facts';
import { runsOnce, isChosen } from './guards';
import type { Target } from './resolver';

/** That a function blocks, and why. */
export interface Verdict {
  readonly api: BlockingApi;
  /** The site in the function's body that blocks. */
  readonly site: Site;
  /** How many functions lie between the caller and the API. */
  readonly length: number;
}

/** Which functions block, worked out from what their sites run. */
export class Verdicts {
  private readonly verdicts = new Map<string, Verdict>();
  private readonly callers = new Map<string, Site[]>();
  /** Functions in which something blocks, whether they make their callers block or not. */
  readonly affected = new Map<string, FunctionFacts>();

  constructor(private readonly targetOf: (site: Site) => Target | undefined) {}

  /** Takes note of what a site runs. */
  add(site: Site): void {
    const target = this.targetOf(site);
    if (!target) return;
    for (const run of 'run' in target ? [target.run, ...(target.orRun ?? [])] : []) {
      const known = this.callers.get(run);
      if (known) known.push(site);
      else this.callers.set(run, [site]);
    }
    this.consider(site, target);
  }

  of(key: string): Verdict | undefined {
    return this.verdicts.get(key);
  }

  /** Why a site blocks that runs a function, or one of several: all of them must block then. */
  ofTarget(target: Target): Verdict | undefined {
    if (!('run' in target) || target.orRun?.some((run) => !this.verdicts.has(run))) return undefined;
    return this.verdicts.get(target.run);
  }

  /** The sites that call a function or hand it over. */
  callersOf(key: string): readonly Site[] {
    return this.callers.get(key) ?? [];
  }

  /** The calls from a function to the API that it blocks in; functions that run where they are written are no steps. */
  chain(key: string): Site[] {
    const chain: Site[] = [];
    for (let at = this.verdicts.get(key); at; ) {
      if (at.site.kind !== 'inline') chain.push(at.site);
      const target = this.targetOf(at.site);
      at = target && 'run' in target ? this.verdicts.get(target.run) : undefined;
    }
    return chain;
  }

  /** Lets a site that blocks make its function one that does, and that one's callers in turn. */
  private consider(site: Site, target: Target): void {
    if (target.later) return;
    const callee = this.ofTarget(target);
    const api = 'api' in target ? target.api : callee?.api;
    if (!api) return;
    const { within } = site;
    this.affected.set(within.key, within);
    if (within.kind !== 'sync' || declaredContext(within) === 'async' || isChosen(site) || runsOnce(site)) return;
    const verdict = { api, site, length: (callee?.length ?? 0) + 1 };
    const known = this.verdicts.get(within.key);
    if (known && !isWorse(verdict, known)) return;
    this.verdicts.set(within.key, verdict);
    for (const caller of this.callersOf(within.key)) {
      const again = this.targetOf(caller);
      if (again) this.consider(caller, again);
    }
  }
}

/** Of all that makes a function block, the dearest is told; then the nearest, then the first. */
function isWorse(a: Verdict, b: Verdict): boolean {
  const dearer = costs.indexOf(a.api.cost) - costs.indexOf(b.api.cost);
  return dearer !== 0 ? dearer > 0 : a.length !== b.length ? a.length < b.length : a.site.node.pos < b.site.node.pos;
}
