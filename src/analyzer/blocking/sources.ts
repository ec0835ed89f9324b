import type { Programs, Project, SourceFile } from '../program';

/**
 * The user's files of all programs that are loaded. Programs of a monorepo share many: each file is asked about in one
 * of them only, its own, or where no loaded program is that, the first that holds it.
 */
export class Sources {
  private readonly byProject = new Map<Project, ReadonlySet<string>>();
  private readonly homes = new Map<string, Project>();

  constructor(private readonly programs: Programs) {
    for (const project of programs.loaded) {
      const files = new Set(programs.ownFiles(project));
      this.byProject.set(project, files);
      for (const path of files) if (!this.homes.has(path)) this.homes.set(path, programs.projectOf(path) ?? project);
    }
  }

  get paths(): readonly string[] {
    return [...this.homes.keys()];
  }

  /** The program that a file is asked about in. Throws where none holds it. */
  homeOf(path: string): Project {
    const home = this.homes.get(path);
    if (!home) throw new Error(`No program holds ${path}.`);
    return home;
  }

  /** Whether a program can be asked about a file. */
  isIn(project: Project, path: string): boolean {
    return this.byProject.get(project)?.has(path) ?? false;
  }

  /** All programs that hold a file. */
  holdersOf(path: string): readonly Project[] {
    return [...this.byProject.keys()].filter((project) => this.isIn(project, path));
  }

  /** A file's syntax, the same tree for as long as its text stays. */
  tree(path: string): SourceFile | undefined {
    return this.programs.treeToKeep(this.homeOf(path), path);
  }
}
