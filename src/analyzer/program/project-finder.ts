import path from 'node:path';
import type { API } from 'typescript7/sync';
import { WorkspacePackages } from './workspace-packages';
import { configsIn, inferredDirectory, readProject, referencedConfigs, type ProjectSpec } from './projects';

/** Finds which configurations may own a file; what was read is kept until {@link forget}. */
export class ProjectFinder {
  private readonly specs = new Map<string, ProjectSpec>();
  private readonly rootSets = new WeakMap<ProjectSpec, ReadonlySet<string>>();
  private readonly candidates = new Map<string, readonly string[]>();
  private readonly directories = new Map<string, string>();
  private packages = new WorkspacePackages();

  /** `api` gives the compiler that reads configurations. */
  constructor(private readonly api: () => API) {}

  /** What has been read so far. */
  get read(): Iterable<ProjectSpec> {
    return this.specs.values();
  }

  /** What a configuration file says. */
  spec(config: string): ProjectSpec {
    const known = this.specs.get(config);
    if (known) return known;
    const spec = readProject(this.api(), config);
    spec.workspaceReferences = this.packages.references(this.api(), config, spec.projectReferences);
    this.specs.set(config, spec);
    return spec;
  }

  /** The configurations that may own a file, nearest first, each followed by those it refers to. */
  configsFor(file: string): ProjectSpec[] {
    const found = new Set<ProjectSpec>();
    const visit = (config: string): void => {
      const spec = this.spec(config);
      if (found.has(spec)) return;
      found.add(spec);
      referencedConfigs(spec).forEach(visit);
    };
    for (const config of this.candidatesFor(path.dirname(file))) {
      visit(config);
      // The nearest that lists the file is enough; the ones above need not be read.
      if ([...found].some((spec) => this.lists(spec, file))) break;
    }
    return [...found];
  }

  /** The configuration files that may govern the files of a directory, nearest first. */
  private candidatesFor(directory: string): readonly string[] {
    if (path.basename(directory) === 'node_modules') return [];
    let candidates = this.candidates.get(directory);
    if (!candidates) {
      const parent = path.dirname(directory);
      candidates = [...configsIn(directory), ...(parent === directory ? [] : this.candidatesFor(parent))];
      this.candidates.set(directory, candidates);
    }
    return candidates;
  }

  /** Whether a configuration's `files` and `include` give a file. */
  lists(spec: ProjectSpec, file: string): boolean {
    let roots = this.rootSets.get(spec);
    if (!roots) this.rootSets.set(spec, (roots = new Set(spec.rootFiles)));
    return roots.has(file);
  }

  /** Where the types of a loose file come from. */
  inferredDirectory(file: string): string {
    const directory = path.dirname(file);
    let found = this.directories.get(directory);
    if (found === undefined) this.directories.set(directory, (found = inferredDirectory(file)));
    return found;
  }

  /** Files came or went: everything is to be read again. */
  forget(): void {
    this.specs.clear();
    this.candidates.clear();
    this.directories.clear();
    this.packages = new WorkspacePackages();
  }
}
