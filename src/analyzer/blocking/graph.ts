import type { Asking, Programs, Project, SourceFile } from '../program';
import type { Shared } from '../shared';
import { blockingApis, calledName, type BlockingApi } from './catalogue';
import { takeChanges } from './changes';
import { declaredContext, runnerOf, type AsyncContext, type Runner } from './context';
import { accessMark, sitesNamed } from './accesses';
import { fileFacts, type Alias, type FileFacts, type FunctionFacts, type Site } from './facts';
import { isBeforeExit, isWorkerBranch, runsOnce } from './guards';
import { Memory } from './memory';
import { allMembers } from './open-members';
import { aliasTarget, isSameTarget, targetOf, type Scope, type Target } from './resolver';
import { assignedIn } from './untyped-members';
import { Sources } from './sources';
import { Phases, mayStart } from './start-up';
import { Verdicts } from './verdicts';

/** A place in async code where the event loop is blocked. */
export interface BlockingCall {
  readonly site: Site;
  /** The async function or callback that the place belongs to. */
  readonly within: FunctionFacts;
  readonly context: AsyncContext;
  readonly api: BlockingApi;
  /** The calls on the way, outermost first: the last calls the API itself. */
  readonly chain: readonly Site[];
  /** It delays next to nobody: what it reads is kept, so that it runs once. */
  readonly isMinor: boolean;
}

/**
 * Which functions of the user's files block, and where async code runs them. Works upwards from the places that name a
 * blocking API: asks what they are, then who calls the functions they stand in, and so on; other code is not looked at.
 */
export class BlockingGraph {
  readonly memory: Memory;
  private readonly sources: Sources;
  private readonly scopes = new Map<Project, Scope>();
  private verdicts = new Verdicts((site) => this.memory.targets.get(site));
  private phases = this.newPhases();
  /** What runs the functions that are handed to something. */
  private readonly handed = new Map<string, Runner>();
  private readonly followed = new Set<string>();
  /** Paths of the files with sites that run something blocking. */
  private reached: ReadonlySet<string> = new Set();
  private pendingNames: { name: string; files: Iterable<string> }[] = [];
  private pendingSites: Site[] = [];
  private readonly changed: ReadonlySet<string>;

  constructor(
    private readonly programs: Programs,
    previous: Memory | undefined,
  ) {
    this.sources = new Sources(programs);
    this.memory = previous ?? new Memory();
    this.changed = new Set(takeChanges(programs, this.sources, this.memory));
    for (const site of this.memory.targets.keys()) this.verdicts.add(site);
    this.pendHot(this.changed);
    for (const api of blockingApis) this.seed(api);
    this.settle();
  }

  /** The blocking calls in a file's async code. */
  callsIn(sourceFile: SourceFile): BlockingCall[] {
    const path: string = sourceFile.fileName;
    const { roles, names, stale } = this.memory;
    if (roles.get(path) !== 'code' || names.isWorkerFile(path)) return [];
    // Where it is being edited, the next text is compared with this one.
    if (this.programs.unsavedText(path) !== undefined) this.memory.trees.set(path, sourceFile);
    // Most files say no name that anything blocking goes by: there is no need to read what functions they have.
    if (stale.size === 0 && !this.reached.has(path)) return [];
    const facts = fileFacts(sourceFile);
    this.freshen(facts);
    const found = new Map<Site, BlockingCall>();
    for (const within of facts.functions) {
      const context = this.contextOf(within);
      if (!context) continue;
      for (const site of this.sitesOf(within)) {
        const api = this.apiOf(site);
        // What runs at once is part of the function around it, though it may look like async code by itself.
        if (!api || found.has(site) || isBeforeExit(site) || isWorkerBranch(site.node)) continue;
        // The steps of a command, one after another, delay nobody either.
        if (this.phases.at(site.node, within) !== 'any') continue;
        const chain = [site, ...this.chainAfter(site)];
        found.set(site, { site, within, context, api, chain, isMinor: runsOnce(site) });
      }
    }
    return [...found.values()];
  }

  /** The places known to call a function or hand it over: of functions that block, all that say their name. */
  callersOf(facts: FunctionFacts): readonly Site[] {
    return this.verdicts.callersOf(facts.key);
  }

  /** What a site runs, as far as that blocks: an API, or a function of the user's. */
  blockedAt(site: Site): { api: BlockingApi } | { run: FunctionFacts } | undefined {
    const target = this.memory.targets.get(site);
    if (!target || 'api' in target) return target;
    const run = this.verdicts.ofTarget(target) && this.functionOf(target.run);
    return run && { run };
  }

  /** The user's function that a site runs. */
  functionAt(site: Site): FunctionFacts | undefined {
    const target = this.memory.targets.get(site);
    return target && 'run' in target ? this.functionOf(target.run) : undefined;
  }

  /** What the names in a file are resolved with. */
  private scopeOf(path: string): Scope {
    const project = this.sources.homeOf(path);
    const known = this.scopes.get(project);
    if (known) return known;
    const filesWith = (name: string): FileFacts[] =>
      [...this.memory.names.filesWith(name)].filter((other) => this.sources.isIn(project, other)).flatMap((other) => this.factsOf(other) ?? []);
    const scope: Scope = {
      checker: project.checker,
      program: project.program,
      functionOf: (key) => this.functionOf(key),
      membersNamed: kept((name) => allMembers(filesWith(name), name)),
      assignedNamed: kept((name) => filesWith(name).flatMap((facts) => assignedIn(facts, name))),
      factsOf: (other) => this.factsOf(other),
    };
    this.scopes.set(project, scope);
    return scope;
  }

  private newPhases(): Phases {
    return new Phases(
      (path) => this.memory.roles.get(path) === 'command',
      (key) => this.verdicts.callersOf(key),
      (facts) => (this.handed.get(facts.key) === 'reaction' ? facts.passed?.call : undefined),
      ({ passed }) => passed !== undefined && this.memory.runners.get(passed) === 'reaction',
    );
  }

  private apiOf(site: Site): BlockingApi | undefined {
    const target = this.memory.targets.get(site);
    if (!target || target.later) return undefined;
    return 'api' in target ? target.api : this.verdicts.ofTarget(target)?.api;
  }

  private chainAfter(site: Site): Site[] {
    const target = this.memory.targets.get(site);
    return target && 'run' in target ? this.verdicts.chain(target.run) : [];
  }

  private contextOf(facts: FunctionFacts): AsyncContext | undefined {
    const runner = this.handed.get(facts.key);
    if (runner === 'exit') return undefined;
    return runner === 'handler' ? 'handler' : (declaredContext(facts) ?? runner);
  }

  /** What runs as part of a function's body: its own sites and those of functions written in it that run at once. */
  private *sitesOf(facts: FunctionFacts): Generator<Site> {
    for (const site of facts.sites) {
      if (site.inlined?.kind !== 'sync') yield site;
      else if (this.memory.targets.get(site)) yield* this.sitesOf(site.inlined);
    }
  }

  private functionOf(key: string): FunctionFacts | undefined {
    return this.factsOf(key.slice(0, key.indexOf('#')))?.byKey.get(key);
  }

  private factsOf(path: string): FileFacts | undefined {
    const role = this.memory.roles.get(path);
    const sourceFile = role && role !== 'exempt' ? this.sources.tree(path) : undefined;
    if (!sourceFile) return undefined;
    this.memory.trees.set(path, sourceFile);
    return fileFacts(sourceFile);
  }

  /**
   * Asks again what may have become stale: for a file that was just edited, only what its own calls lead to; for
   * another one everything, as it is looked at because something that it depends on has changed.
   */
  private freshen(facts: FileFacts): void {
    const { stale } = this.memory;
    while (stale.size > 0) {
      const sites = this.changed.has(facts.path) ? this.reachedFrom(facts).filter((site) => stale.has(site)) : [...stale];
      if (sites.length === 0) return;
      for (const site of sites) stale.delete(site);
      if (stale.size === 0) this.memory.aliases.clear();
      const { targets } = this.memory;
      const found = this.programs.ask(sites.map((site) => this.asking(site)));
      const others = sites.filter((site, index) => !isSameTarget(targets.get(site), found[index]));
      sites.forEach((site, index) => targets.set(site, found[index]));
      if (others.length === 0 && stale.size > 0) continue;
      this.verdicts = new Verdicts((site) => this.memory.targets.get(site));
      this.phases = this.newPhases();
      this.handed.clear();
      this.followed.clear();
      for (const site of targets.keys()) this.verdicts.add(site);
      if (stale.size === 0) this.pendHot(undefined);
      this.settle();
    }
  }

  private asking(site: Site): Asking<Target | undefined> {
    return this.memory.tried(site.within.path, targetOf(this.scopeOf(site.within.path), site));
  }

  /** The sites of the functions that a file's functions run, directly or not. */
  private reachedFrom(facts: FileFacts): Site[] {
    const seen = new Set(facts.functions);
    const found: Site[] = [];
    for (const each of seen) {
      for (const site of each.sites) {
        if (!this.memory.targets.has(site)) continue;
        found.push(site);
        const callee = this.functionAt(site);
        if (callee) seen.add(callee);
      }
    }
    return found;
  }

  /** Asks about what is pending, and on about what that brings up. */
  private settle(): void {
    const { targets, aliases } = this.memory;
    do {
      const { sites, others } = this.takePending();
      const found = this.programs.ask([
        ...sites.map((site) => this.asking(site)),
        ...others.map((alias) => this.memory.tried(alias.path, aliasTarget(this.scopeOf(alias.path), alias))),
      ]);
      sites.forEach((site, index) => {
        targets.set(site, found[index]);
        this.verdicts.add(site);
      });
      others.forEach((alias, index) => aliases.set(alias, found[sites.length + index]));
      this.follow();
    } while (this.pendingNames.length + this.pendingSites.length > 0);
    this.reached = new Set([...targets].flatMap(([site, target]) => (target ? [site.within.path] : [])));
    this.findRunners();
  }

  /** Makes an API's name one to ask about, where the project may use the API. */
  private seed(api: BlockingApi): void {
    const isGlobal = api.module === 'global' || api.module === 'process' || api.module === 'fs';
    const importing = this.memory.names.filesImporting(api.module);
    if (!isGlobal && importing.size === 0) return;
    const name = calledName(api);
    const result = api.export.endsWith('()') ? '()' : '';
    // A default export goes by whatever name a file gives it.
    this.addName(`${name}${result}`, name === 'default' ? importing : undefined);
  }

  /** Makes a name one to ask about: in some files, or everywhere. */
  private addName(name: string, files: Iterable<string> | undefined): void {
    const { hot, names } = this.memory;
    if (hot.has(name)) return;
    if (files) {
      const fresh = [...files].filter((path) => !hot.has(`${path} ${name}`));
      for (const path of fresh) hot.add(`${path} ${name}`);
      if (fresh.length > 0) this.pendingNames.push({ name, files: fresh });
    } else {
      hot.add(name);
      this.pendingNames.push({ name, files: names.filesWith(name) });
    }
  }

  /** Asks again about the names that were asked about: in some files, or everywhere. */
  private pendHot(files: ReadonlySet<string> | undefined): void {
    const { hot, names } = this.memory;
    for (const key of hot) {
      const space = key.lastIndexOf(' ');
      const [path, name] = [key.slice(0, Math.max(space, 0)), key.slice(space + 1)];
      if (space < 0) this.pendingNames.push({ name, files: files ?? names.filesWith(name) });
      else if (!files || files.has(path)) this.pendingNames.push({ name, files: [path] });
    }
  }

  private addExported(name: string, path: string): void {
    this.addName(name, name === 'default' ? this.memory.names.filesImportingFile(path) : undefined);
  }

  /** The sites that say a pending name, and the places that give what has it another. */
  private takePending(): { sites: Site[]; others: Alias[] } {
    const { targets, aliases } = this.memory;
    const sites = new Set(this.pendingSites);
    const others = new Set<Alias>();
    this.pendingSites = [];
    for (let next = this.pendingNames.pop(); next; next = this.pendingNames.pop()) {
      const { name } = next;
      for (const path of next.files) {
        const facts = this.factsOf(path);
        if (!facts) continue;
        for (const site of sitesNamed(facts, name)) if (!targets.has(site)) sites.add(site);
        for (const alias of facts.aliases.get(name) ?? []) if (!aliases.has(alias)) others.add(alias);
        if (!name.endsWith('()')) continue;
        // `f()` stands for what a call of `f` returns: another name for `f` gives another name for that.
        for (const alias of facts.aliases.get(name.slice(0, -2)) ?? []) this.addName(`${alias.to}()`, [path]);
      }
    }
    return { sites: [...sites], others: [...others] };
  }

  /** Looks for the callers of functions in which something blocks, and on to what starts them. */
  private follow(): void {
    const found = new Set(this.verdicts.affected.values());
    for (const facts of found) {
      if (facts.kind === 'module' || (facts.kind !== 'sync' && facts.parent?.kind !== 'module' && !mayStart(facts))) continue;
      if (facts.kind !== 'sync' || !this.verdicts.affected.has(facts.key)) {
        for (const { within } of this.callersOf(facts)) if (mayStart(within)) found.add(within);
      }
      if (this.followed.has(facts.key)) continue;
      this.followed.add(facts.key);
      for (const name of facts.names) {
        if (name === 'default') this.addExported(name, facts.path);
        else this.addName(accessMark(facts.node) + name, undefined);
      }
      const here = facts.parent?.sites.find((site) => site.inlined === facts);
      if (here && !this.memory.targets.has(here)) this.pendingSites.push(here);
    }
    for (const [{ to, path, exported }, target] of this.memory.aliases) {
      if (!target || ('run' in target && !this.verdicts.affected.has(target.run))) continue;
      this.addName(to, [path]);
      if (exported) this.addExported(to, path);
    }
  }

  /** Asks what the calls do that a function with something blocking in it is handed to. */
  private findRunners(): void {
    const { runners } = this.memory;
    const handed = [...this.verdicts.affected.values()].map((facts) => ({
      key: facts.key,
      node: facts.node,
      to: [facts, ...this.callersOf(facts)].flatMap(({ passed }) => (passed ? [passed] : [])),
    }));
    const unknown = handed.flatMap(({ node, to }) => to.filter((passed) => !runners.has(passed)).map((passed) => ({ node, passed })));
    const answers = this.programs.ask(
      unknown.map(({ node, passed }) => {
        const path = passed.call.getSourceFile().fileName;
        return this.memory.tried(path, runnerOf(this.scopeOf(path).checker, passed, node));
      }),
    );
    unknown.forEach(({ passed }, index) => runners.set(passed, answers[index]));
    for (const { key, to } of handed) {
      const found = to.map((passed) => runners.get(passed));
      const runner = found.includes('handler') ? 'handler' : found.find((one) => one !== undefined);
      if (runner) this.handed.set(key, runner);
    }
  }
}

/** What a name leads to, looked for once. */
function kept<T>(find: (name: string) => T): (name: string) => T {
  const found = new Map<string, T>();
  return (name) => {
    if (!found.has(name)) found.set(name, find(name));
    return found.get(name) as T;
  };
}

/** The blocking graph: built when the rule first asks, renewed with each snapshot. */
export const blockingGraph: Shared<BlockingGraph> = {
  isOfAll: true,
  build: (programs, _project, previous) => new BlockingGraph(programs, previous?.memory),
};
