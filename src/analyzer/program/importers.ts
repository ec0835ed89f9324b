import type { SourceFile } from 'typescript7/ast';
import type { Project } from 'typescript7/sync';
import type { Programs } from './programs';
import type { Asking } from './types';

/** Which files import which, in programs of any snapshot; what a file imports is kept for as long as its tree lives. */
export class Importers {
  private readonly graphs = new WeakMap<Project, ReadonlyMap<string, readonly string[]>>();
  private readonly imported = new WeakMap<SourceFile, readonly string[]>();
  private names = '';

  constructor(private readonly programs: Programs) {}

  /** The user's own files that import a file (or re-export it, or name it in a type); a script's globals reach all. */
  of(project: Project, file: string): readonly string[] {
    const sourceFile = project.program.getSourceFile(file);
    const isScript = sourceFile?.externalModuleIndicator === undefined && !/\.[cm]?jsx?$/.test(file);
    if (isScript) return this.programs.ownFiles(project).filter((other) => other !== file);
    let graph = this.graphs.get(project);
    if (!graph) this.graphs.set(project, (graph = this.build(project)));
    return graph.get(file) ?? [];
  }

  private build(project: Project): ReadonlyMap<string, readonly string[]> {
    const files = this.programs.ownFiles(project);
    // Another set of files may resolve the same import otherwise.
    const names = files.join('\n');
    const fresh = names !== this.names;
    this.names = names;
    const edges = this.programs.ask(files.map((file) => this.importsOf(project, file, fresh)));
    const graph = new Map<string, string[]>();
    files.forEach((file, index) => {
      for (const target of edges[index] ?? []) graph.set(target, [...(graph.get(target) ?? []), file]);
    });
    return graph;
  }

  private *importsOf(project: Project, file: string, fresh: boolean): Asking<readonly string[]> {
    const sourceFile = yield* project.program.getSourceFile.gen(file);
    if (!sourceFile) return [];
    const known = fresh ? undefined : this.imported.get(sourceFile);
    if (known) return known;
    const targets = new Set<string>();
    for (const specifier of sourceFile.imports) {
      const resolved = yield* project.program.getResolvedModuleFromModuleSpecifier.gen(specifier as never, file);
      if (resolved && !resolved.isExternalLibraryImport) targets.add(resolved.resolvedFileName);
    }
    this.imported.set(sourceFile, [...targets]);
    return [...targets];
  }
}
