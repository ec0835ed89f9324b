import { existsSync } from 'node:fs';
import type { API, Project, Snapshot, SyntheticProjectId } from 'typescript7/sync';
import type { SourceFile } from 'typescript7/ast';
import { CompilerDied, compilerPid, isChannelFailure, letGo, startCompiler } from './compiler';
import { programProblems, type ConfigProblem } from './config-problems';
import { noChanges, readText, type DiskChanges } from './disk';
import { JobRunner, type Job } from './jobs';
import { ProjectFinder } from './project-finder';
import { inferredKey, inferredProject, mayImport, programOf, type ProjectSpec } from './projects';
import { Structure } from './structure';
import type { Asking, CompilerDiagnostic } from './types';
import { Wire } from './wire';

/** A source file together with the project whose types it has. Valid until the next {@link Programs.refresh}. */
export interface SourceUnit {
  readonly path: string;
  readonly text: string;
  readonly sourceFile: SourceFile;
  readonly project: Project;
}

type Id = NonNullable<ReturnType<Snapshot['getProjects']>[number]>['id'];

interface OpenProject {
  spec: ProjectSpec;
  id: Id | undefined;
  stale: boolean;
}

/**
 * All programs of a workspace in one compiler process: finds each file's project, holds unsaved text, and moves from
 * snapshot to snapshot. Requests are synchronous; a dead process shows as {@link CompilerDied}, after which
 * {@link restart} brings everything back.
 */
export class Programs {
  private api: API;
  private wire: Wire;
  private jobs: JobRunner;
  private snapshot: Snapshot | undefined;
  private snapshots = 0;
  private readonly projects = new Map<string, OpenProject>();
  private readonly finder = new ProjectFinder(() => this.api);
  /** Names of all source files of a program, for those that were asked. */
  private readonly sourceNames = new WeakMap<Project, ReadonlySet<string>>();
  /** The project key of each file asked for. */
  private readonly owners = new Map<string, string>();
  /** Unsaved text by path. */
  private readonly overlays = new Map<string, string>();
  /** Paths that some snapshot's layer holds: the disk is no longer read for them, so their changes go through it. */
  private readonly layered = new Set<string>();
  /** Files that the current snapshot was asked for. */
  private readonly fetched = new Set<string>();
  /** Files whose trees are never let go of. */
  private readonly kept = new Set<string>();
  private readonly structure = new Structure();
  /** The snapshot in which each file's text last changed. */
  private readonly changes = new Map<string, number>();
  private pendingLayer = new Map<string, string | undefined>();
  /** Programs that nobody needs any more. */
  private dropped: SyntheticProjectId[] = [];
  private pendingDisk = noChanges();

  constructor(private readonly cwd: string) {
    this.api = startCompiler(cwd);
    this.wire = new Wire(this.api);
    this.jobs = new JobRunner(this.wire);
  }

  /** Process id of the compiler. */
  get pid(): number | undefined {
    return compilerPid(this.api);
  }

  /** Counts the snapshots: nodes and types of one must not be used with the next. */
  get version(): number {
    return this.snapshots;
  }

  /** What is wrong with the configurations that were read, each once. */
  get notes(): readonly ConfigProblem[] {
    return this.structure.keep('notes', () => {
      const read = [...this.finder.read].flatMap((spec) => spec.problems);
      const programs = [...this.projects.values()].flatMap(({ spec: { configFile }, id }) => {
        const project = id && this.snapshot?.getProject(id);
        return project && configFile ? programProblems(configFile, this.guard(() => project.program.getProgramDiagnostics())) : [];
      });
      return [...read, ...programs];
    });
  }

  /** Finds the projects of files and loads them. Files that are open already cost nothing. */
  open(files: readonly string[]): void {
    const fresh = files.filter((file) => !this.owners.has(file));
    if (fresh.length === 0) return;
    this.structure.forget();
    /** Files that no configuration lists, with those whose programs may hold them all the same. */
    let undecided: { file: string; candidates: ProjectSpec[] }[] = [];
    for (const file of fresh) {
      const specs = this.guard(() => this.finder.configsFor(file));
      const owner = specs.find((spec) => this.finder.lists(spec, file));
      if (owner) this.adopt(file, owner);
      else undecided.push({ file, candidates: specs.filter((spec) => mayImport(spec, file)) });
    }
    this.refresh();
    const tried = undecided.length > 0;
    while (undecided.length > 0) {
      const rest: typeof undecided = [];
      for (const { candidates } of undecided) if (candidates[0]) this.load(candidates[0]);
      this.refresh();
      for (const { file, candidates } of undecided) {
        const [spec, ...others] = candidates;
        if (!spec) this.adoptLoose(file);
        else if (this.holds(spec, file)) this.adopt(file, spec);
        else rest.push({ file, candidates: others });
      }
      undecided = rest;
    }
    if (tried) this.dropUnowned();
    this.refresh();
  }

  /** The project that a file was opened with; undefined where it was not. */
  projectOf(path: string): Project | undefined {
    const id = this.projects.get(this.owners.get(path) ?? '')?.id;
    return id && this.snapshot?.getProject(id);
  }

  /** The file as the current snapshot has it; undefined where it cannot be read. */
  unit(path: string): SourceUnit | undefined {
    const project = this.projectOf(path);
    this.fetched.add(path);
    const sourceFile = project && this.guard(() => project.program.getSourceFile(path));
    return project && sourceFile ? { path, text: sourceFile.text, sourceFile, project } : undefined;
  }

  /** A file's syntax, for whoever needs the same tree from now on: it is never {@link release}d. */
  treeToKeep(project: Project, path: string): SourceFile | undefined {
    this.kept.add(path);
    return project.program.getSourceFile(path);
  }

  /** Lets go of a file's syntax, which this process else holds for as long as the snapshot. Who asks for it again gets another tree. */
  release({ path, sourceFile }: SourceUnit): void {
    if (this.kept.has(path)) return;
    this.fetched.delete(path);
    letGo(sourceFile);
  }

  /** The text of any file that a program holds, without its byte order mark. */
  textOf(path: string): string | undefined {
    const unit = this.unit(path);
    if (unit) return unit.text;
    return this.guard(() => {
      for (const { program } of this.loaded) {
        const sourceFile = program.getSourceFile(path);
        if (sourceFile) return sourceFile.text;
      }
      return undefined;
    });
  }

  /** Paths of all source files of the programs in use that are the user's: no declarations, nothing of node_modules. */
  ownFiles(project: Project): readonly string[] {
    const read = () => this.guard(() => project.program.getSourceFileNames()).filter((name) => !/\.d\.[cm]?ts$|\.json$/.test(name) && !name.includes('/node_modules/'));
    // A program of texts that are tried out may have other files.
    return this.snapshot?.getProject(project.id) === project ? this.structure.keep(`files of ${project.id}`, read) : read();
  }

  /** A file's text without its syntax: unsaved, or from the disk; undefined where it cannot be read. */
  text(path: string): string | undefined {
    return this.overlays.get(path) ?? readText(path);
  }

  /** The {@link version} in which a file's text last changed; 0 where it has not since it was first read. */
  lastChange(path: string): number {
    return this.changes.get(path) ?? 0;
  }

  /** Sets a file's unsaved text, or drops it so that the disk counts again. Seen after {@link refresh}. */
  setText(path: string, text: string | undefined): void {
    if (text === undefined) {
      if (!this.overlays.delete(path)) return;
      this.pendingLayer.set(path, readText(path));
    } else {
      if (this.overlays.get(path) === text) return;
      this.overlays.set(path, text);
      this.pendingLayer.set(path, text);
    }
  }

  /** A file's unsaved text, if it has any. */
  unsavedText(path: string): string | undefined {
    return this.overlays.get(path);
  }

  /** Takes note of changes on disk. Seen after {@link refresh}. */
  notify(changes: DiskChanges): void {
    for (const kind of ['changed', 'created', 'deleted'] as const) {
      for (const file of changes[kind] ?? []) {
        if (this.overlays.has(file)) continue;
        if (this.layered.has(file)) this.pendingLayer.set(file, readText(file));
        else this.pendingDisk[kind].push(file);
      }
    }
    const structural = [...(changes.created ?? []), ...(changes.deleted ?? [])];
    const configs = [...structural, ...(changes.changed ?? [])].filter((file) => file.endsWith('.json'));
    if (structural.length > 0 || configs.length > 0) this.forgetProjects();
  }

  /** Moves on to a snapshot with all that has changed. */
  refresh(): void {
    const stale = [...this.projects.values()].filter((project) => project.id !== undefined && project.stale);
    const created = [...this.projects.values()].filter((project) => project.id === undefined);
    const disk = this.pendingDisk;
    const quiet = disk.changed.length + disk.created.length + disk.deleted.length === 0;
    const sameProjects = created.length + stale.length + this.dropped.length === 0;
    if (this.snapshot && quiet && sameProjects && this.pendingLayer.size === 0) return;
    const removedPaths = [...this.pendingLayer].filter(([, text]) => text === undefined).map(([path]) => path);
    const files = Object.fromEntries([...this.pendingLayer].filter((entry): entry is [string, string] => entry[1] !== undefined));
    for (const path of this.pendingLayer.keys()) this.layered.add(path);
    const params = {
      fileSystem: { kind: 'layer' as const, files, removedPaths },
      fileNotifications: quiet ? undefined : disk,
      createPrograms: created.map(({ spec }) => programOf(spec)),
      reconfigurePrograms: stale.map(({ spec, id }) => ({ id: id as never, ...programOf(spec) })),
      ensurePrograms: true as const,
    };
    this.guard(() => {
      const previous = this.withoutDropped();
      this.snapshot = previous ? previous.update(params) : this.api.createSnapshot(params);
      created.forEach((project, index) => (project.id = this.snapshot?.operation.createdPrograms?.[index]?.id));
      previous?.dispose();
      this.snapshots++;
      this.fetched.clear();
    });
    if (!quiet || !sameProjects) this.structure.forget();
    for (const path of this.pendingLayer.keys()) this.structure.edited(path, this.unit(path)?.sourceFile);
    for (const path of [...this.pendingLayer.keys(), ...disk.changed, ...disk.created, ...disk.deleted]) this.changes.set(path, this.snapshots);
    for (const project of stale) project.stale = false;
    this.pendingLayer = new Map();
    this.pendingDisk = noChanges();
  }

  /** The snapshot less the programs that nobody needs: the 7.1 compiler crashes when one request removes and creates. */
  private withoutDropped(): Snapshot | undefined {
    const previous = this.snapshot;
    if (!previous || this.dropped.length === 0) return previous;
    const removePrograms = this.dropped;
    this.dropped = [];
    const next = previous.update({ removePrograms });
    previous.dispose();
    return next;
  }

  /** Runs askings side by side; their questions go out in batches. One that throws ends them all. */
  ask<T>(askings: readonly Asking<T>[]): T[] {
    return this.guard(() => this.jobs.run(inOneStep(askings)));
  }

  /** Runs jobs, some at a time, so that the compiler and this process work at once; results in order. */
  *run<T>(jobs: Iterable<() => Job<T>>): Generator<T> {
    const results = this.jobs.runAll(jobs);
    for (;;) {
      const step = this.guard(() => results.next());
      if (step.done) return;
      yield step.value;
    }
  }

  /** Has the compiler prepare files that {@link unit} will be asked for soon. */
  prefetch(paths: readonly string[]): void {
    for (const path of paths) {
      const project = this.projectOf(path);
      if (project && !this.fetched.has(path)) this.guard(() => this.wire.sendAhead('getSourceFile', { snapshot: this.snapshot?.id, project: project.id, file: path }));
    }
  }

  /** The programs of the current snapshot. */
  get loaded(): readonly Project[] {
    return this.loadedIn(this.snapshot);
  }

  /**
   * What `read` sees when some files have other text; nothing of it stays. Questions inside use the programs it is
   * handed, which end with it.
   */
  withText<T>(texts: ReadonlyMap<string, string>, read: (projects: readonly Project[]) => T): T {
    return this.guard(() => {
      const base = this.snapshot;
      if (!base) throw new Error('No file is open.');
      const snapshot = base.update({ fileSystem: { kind: 'layer', files: Object.fromEntries(texts) }, ensurePrograms: true });
      try {
        return read(this.loadedIn(snapshot));
      } finally {
        snapshot.dispose();
      }
    });
  }

  private loadedIn(snapshot: Snapshot | undefined): Project[] {
    const ids = [...this.projects.values()].map(({ id }) => id);
    return ids.map((id) => id && snapshot?.getProject(id)).filter((project) => project !== undefined);
  }

  /** The compiler's own errors in a file: syntax first, and types unless there are syntax errors. */
  compilerErrors(unit: SourceUnit): readonly CompilerDiagnostic[] {
    return this.guard(() => {
      const syntax = unit.project.program.getSyntacticDiagnostics(unit.path);
      return syntax.length > 0 ? syntax : unit.project.program.getSemanticDiagnostics(unit.path);
    });
  }

  /** Starts a new compiler process with the same projects and unsaved text. */
  restart(): void {
    this.close();
    this.api = startCompiler(this.cwd);
    this.wire = new Wire(this.api);
    this.jobs = new JobRunner(this.wire);
    this.snapshot = undefined;
    this.layered.clear();
    this.pendingLayer = new Map(this.overlays);
    this.pendingDisk = noChanges();
    this.dropped = [];
    for (const project of this.projects.values()) project.id = undefined;
    this.refresh();
  }

  /** Ends the compiler process, if it has not ended by itself. */
  close(): void {
    try {
      this.api.close();
    } catch (error) {
      if (!isChannelFailure(error)) throw error;
    }
  }

  private adopt(file: string, spec: ProjectSpec): void {
    this.owners.set(file, spec.key);
    this.load(spec);
  }

  private load(spec: ProjectSpec): void {
    if (!this.projects.has(spec.key)) this.projects.set(spec.key, { spec, id: undefined, stale: false });
  }

  private adoptLoose(file: string): void {
    const directory = this.finder.inferredDirectory(file);
    const key = inferredKey(directory);
    const project = this.projects.get(key) ?? { spec: inferredProject(directory), id: undefined, stale: false };
    project.spec.rootFiles.push(file);
    project.stale = true;
    this.projects.set(key, project);
    this.owners.set(file, key);
  }

  /** Whether a loaded program has a file among its sources. */
  private holds(spec: ProjectSpec, file: string): boolean {
    const id = this.projects.get(spec.key)?.id;
    const project = id && this.snapshot?.getProject(id);
    if (!project) return false;
    let names = this.sourceNames.get(project);
    if (!names) this.sourceNames.set(project, (names = new Set<string>(this.guard(() => project.program.getSourceFileNames()))));
    return names.has(file);
  }

  private dropUnowned(): void {
    const owning = new Set(this.owners.values());
    for (const [key, { id }] of this.projects) {
      if (owning.has(key)) continue;
      this.projects.delete(key);
      if (id !== undefined) this.dropped.push(id as SyntheticProjectId);
    }
  }

  /** Files came or went, or a configuration changed: read them again and give every open file its project anew. */
  private forgetProjects(): void {
    const files = [...this.owners.keys()].filter((file) => this.overlays.has(file) || existsSync(file));
    this.finder.forget();
    this.owners.clear();
    for (const project of this.projects.values()) {
      const { configFile, key } = project.spec;
      project.spec = configFile ? this.guard(() => this.finder.spec(configFile)) : inferredProject(key.slice(inferredKey('').length));
      project.stale = true;
    }
    this.open(files);
    this.dropUnowned();
  }

  private guard<T>(request: () => T): T {
    try {
      return request();
    } catch (error) {
      throw isChannelFailure(error) ? new CompilerDied(error) : error;
    }
  }
}

function* inOneStep<T>(askings: readonly Asking<T>[]): Job<T[]> {
  return (yield askings) as T[];
}
