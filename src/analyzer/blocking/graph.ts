import type { Checker, Programs, Project } from '../program';
import type { Shared } from '../shared';
import { blockingApis, calledName, costs, type BlockingApi } from './catalogue';
import { declaredContext, runnerOf, type AsyncContext, type Runner } from './context';
import { fileFacts, type FileFacts, type FunctionFacts, type Site } from './facts';
import { passedRun } from './callbacks';
import { isExemptFile } from './exempt';
import { isGuarded } from './guards';
import { NameIndex } from './name-index';
import { targetOf, type Target } from './resolver';
import { isStartUp } from './start-up';

/** That a function blocks, and why: the site in its body that does, and the function that this one calls, if any. */
export interface Verdict {
  readonly api: BlockingApi;
  readonly site: Site;
  readonly through: FunctionFacts | undefined;
  /** How many functions lie between the caller and the blocking API. */
  readonly length: number;
}

/** A place in async code where the event loop is blocked. */
export interface BlockingCall {
  readonly site: Site;
  /** The async function or callback that the place belongs to. */
  readonly within: FunctionFacts;
  readonly context: AsyncContext;
  readonly api: BlockingApi;
  /** The calls on the way, outermost first: the last calls the API itself. */
  readonly chain: readonly Site[];
}

/** A name whose calls may block: everywhere, or in some files only. */
interface HotName {
  readonly name: string;
  readonly files: ReadonlySet<string> | undefined;
}

/** Which functions of a project block, and where async code runs them. */
export class BlockingGraph {
  private readonly targets = new Map<Site, Target | undefined>();
  private readonly callers = new Map<string, Site[]>();
  private readonly verdicts = new Map<string, Verdict>();
  private readonly runners = new Map<string, Runner>();
  private readonly hot = new Set<string>();
  private readonly pendingNames: HotName[] = [];
  private pendingFunctions: FunctionFacts[] = [];
  private readonly followed = new Set<string>();
  private readonly checker: Checker;

  constructor(
    private readonly programs: Programs,
    private readonly project: Project,
    private readonly index: NameIndex,
  ) {
    this.checker = project.checker;
    for (const api of blockingApis) this.seed(api);
    this.spread();
  }

  /** The blocking calls in a file's async code. */
  callsIn(facts: FileFacts): BlockingCall[] {
    if (isExemptFile(facts)) return [];
    const found: BlockingCall[] = [];
    for (const within of facts.functions) {
      const context = this.contextOf(within);
      if (!context) continue;
      for (const site of this.sitesOf(within)) {
        const target = this.targets.get(site);
        if (!target || (site.kind === 'reference' && !this.isRun(site))) continue;
        if (isStartUp(site, within, (key) => this.callers.get(key) ?? [])) continue;
        if ('api' in target) found.push({ site, within, context, api: target.api, chain: [site] });
        else {
          const verdict = this.verdicts.get(target.run.key);
          if (verdict) found.push({ site, within, context, api: verdict.api, chain: [site, ...this.chainFrom(verdict)] });
        }
      }
    }
    return found;
  }

  /** Why a function blocks; undefined where it does not. */
  verdictOf(facts: FunctionFacts): Verdict | undefined {
    return this.verdicts.get(facts.key);
  }

  /** What a site runs, as far as that blocks: an API, or a function of the user's. */
  blockedAt(site: Site): Target | undefined {
    const target = this.targets.get(site);
    return target && ('api' in target || this.verdicts.has(target.run.key)) ? target : undefined;
  }

  /** The places known to call a function or hand it over. Complete for functions that block. */
  callersOf(facts: FunctionFacts): readonly Site[] {
    return this.callers.get(facts.key) ?? [];
  }

  private contextOf(facts: FunctionFacts): AsyncContext | undefined {
    const runner = this.runners.get(facts.key);
    if (runner === 'exit') return undefined;
    return runner === 'handler' ? 'handler' : (declaredContext(facts) ?? runner);
  }

  /** What runs as part of a function's body: its own sites and those of functions written in it that run at once. */
  private *sitesOf(facts: FunctionFacts): Generator<Site> {
    for (const site of facts.sites) {
      if (site.inlined?.kind === 'sync') {
        if (this.isRun(site)) yield* this.sitesOf(site.inlined);
      } else yield site;
    }
  }

  private isRun(site: Site): boolean {
    return this.targets.get(site) !== undefined;
  }

  private chainFrom(verdict: Verdict): Site[] {
    const chain: Site[] = [];
    for (let at: Verdict | undefined = verdict; at; at = at.through && this.verdicts.get(at.through.key)) chain.push(at.site);
    return chain.filter((site) => site.kind !== 'inline');
  }

  private seed(api: BlockingApi): void {
    const name = calledName(api);
    const isFound = api.module === 'global' || api.module === 'process';
    const importing = this.index.filesImporting(api.module);
    if (!isFound && importing.size === 0 && !(api.module === 'fs' && this.index.filesWith(name).size > 0)) return;
    const result = api.export.endsWith('()') ? '()' : '';
    // A default export goes by whatever name a file gives it.
    if (name === 'default') this.addName(`default${result}`, importing);
    else this.addName(name + result, undefined);
  }

  private addName(name: string, files: ReadonlySet<string> | undefined): void {
    const key = files ? [...files].map((file) => `${file} ${name}`) : [name];
    if (this.hot.has(name) || key.every((one) => this.hot.has(one))) return;
    for (const one of key) this.hot.add(one);
    this.pendingNames.push({ name, files });
  }

  private spread(): void {
    while (this.pendingNames.length > 0 || this.pendingFunctions.length > 0) {
      const sites = new Set<Site>();
      for (let next = this.pendingNames.pop(); next; next = this.pendingNames.pop()) this.sitesNamed(next, sites);
      this.ask([...sites]);
      const functions = this.pendingFunctions;
      this.pendingFunctions = [];
      this.follow(functions);
    }
  }

  private sitesNamed({ name, files }: HotName, into: Set<Site>): void {
    const word = name.replace(/^#|\(\)$/g, '');
    for (const path of files ?? this.index.filesWith(word)) {
      const facts = this.factsOf(path);
      if (!facts) continue;
      for (const site of facts.sites.get(name) ?? []) if (!this.targets.has(site)) into.add(site);
      for (const alias of facts.aliases) {
        const isSame = alias.from === name || (name.endsWith('()') && `${alias.from}()` === name);
        if (!isSame) continue;
        const to = alias.from === name ? alias.to : `${alias.to}()`;
        this.addName(to, new Set([path]));
        if (alias.exported) this.addExported(to, path);
      }
    }
  }

  private addExported(name: string, path: string): void {
    this.addName(name, name.replace('()', '') === 'default' ? this.index.filesImportingFile(path) : undefined);
  }

  private factsOf(path: string): FileFacts | undefined {
    const sourceFile = this.project.program.getSourceFile(path);
    const facts = sourceFile && fileFacts(sourceFile);
    return facts && !isExemptFile(facts) ? facts : undefined;
  }

  private ask(sites: readonly Site[]): void {
    const found = this.programs.ask(sites.map((site) => targetOf(this.checker, site)));
    sites.forEach((site, index) => {
      const target = found[index];
      this.targets.set(site, target);
      if (!target) return;
      if ('run' in target) {
        const known = this.callers.get(target.run.key);
        if (known) known.push(site);
        else this.callers.set(target.run.key, [site]);
      }
      this.consider(site);
    });
  }

  /** Lets a site that blocks make its function one that does, and that one's callers in turn. */
  private consider(site: Site): void {
    const target = this.targets.get(site);
    if (!target) return;
    if (site.kind === 'reference' && !(site.passed && passedRun(site.passed))) {
      if ('run' in target && site.passed) this.pendingFunctions.push(target.run);
      return;
    }
    const callee = 'run' in target ? this.verdicts.get(target.run.key) : undefined;
    if ('run' in target && !callee) return;
    const api = 'api' in target ? target.api : callee?.api;
    if (!api) return;
    const { within } = site;
    if (!this.followed.has(within.key)) {
      this.followed.add(within.key);
      this.pendingFunctions.push(within);
    }
    if (within.kind !== 'sync' || declaredContext(within) === 'async' || isGuarded(site)) return;
    const verdict = { api, site, through: 'run' in target ? target.run : undefined, length: (callee?.length ?? 0) + 1 };
    const known = this.verdicts.get(within.key);
    if (known && !isWorse(verdict, known)) return;
    this.verdicts.set(within.key, verdict);
    for (const caller of this.callers.get(within.key) ?? []) this.consider(caller);
  }

  /** Looks for the callers of functions that block, and for what the event loop may run. */
  private follow(functions: readonly FunctionFacts[]): void {
    const questions = functions.flatMap((facts) => {
      const handed = (this.callers.get(facts.key) ?? []).flatMap((site) => (site.kind === 'reference' && site.passed ? [site.passed] : []));
      return [...(facts.passed ? [facts.passed] : []), ...handed].map((passed) => ({ facts, passed }));
    });
    const answers = this.programs.ask(questions.map(({ passed }) => runnerOf(this.checker, passed)));
    questions.forEach(({ facts }, index) => {
      const runner = answers[index];
      const known = this.runners.get(facts.key);
      if (runner && known !== 'handler') this.runners.set(facts.key, runner);
    });
    for (const facts of functions) {
      // Who calls an async method does not matter; who starts the program's main function does.
      if (facts.kind !== 'sync' && facts.parent?.kind !== 'module') continue;
      if (facts.kind === 'module') continue;
      for (const name of facts.names) {
        if (name === 'default') this.addExported(name, facts.path);
        else this.addName(name, undefined);
      }
      const inlined = facts.parent?.sites.find((site) => site.inlined === facts);
      if (inlined && !this.targets.has(inlined)) this.ask([inlined]);
    }
  }
}

/** Of all that makes a function block, the dearest is told; then the nearest, then the first. */
function isWorse(a: Verdict, b: Verdict): boolean {
  const dearer = costs.indexOf(a.api.cost) - costs.indexOf(b.api.cost);
  return dearer !== 0 ? dearer > 0 : a.length !== b.length ? a.length < b.length : a.site.node.pos < b.site.node.pos;
}

/** The blocking graph of a project; built when the rule first asks, renewed with each snapshot. */
export const blockingGraph: Shared<BlockingGraph> = {
  build(programs, project) {
    const index = new NameIndex();
    for (const path of programs.ownFiles(project)) index.add(path, programs.text(path) ?? '');
    return new BlockingGraph(programs, project, index);
  },
};
