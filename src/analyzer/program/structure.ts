import type { Node, SourceFile } from 'typescript7/ast';

/**
 * What holds until some program gets other files or other options. Most edits change neither: what was asked about that
 * need not be asked again then.
 */
export class Structure {
  private readonly references = new Map<string, string>();
  private readonly kept = new Map<string, unknown>();

  /** The value that was made for this key since {@link forget}. */
  keep<T>(key: string, make: () => T): T {
    if (!this.kept.has(key)) this.kept.set(key, make());
    return this.kept.get(key) as T;
  }

  forget(): void {
    this.kept.clear();
  }

  /** Takes note of a file that was edited; forgets what was kept where it refers to other files than when it was noted last. */
  edited(path: string, sourceFile: SourceFile | undefined): void {
    const before = this.references.get(path);
    const now = sourceFile && referencesOf(sourceFile);
    if (now !== undefined && now === before) return;
    this.forget();
    if (now === undefined) this.references.delete(path);
    else this.references.set(path, now);
  }
}

/** All that can bring another file into the program. */
function referencesOf({ imports, moduleAugmentations, referencedFiles, typeReferenceDirectives, libReferenceDirectives }: SourceFile): string {
  const specifiers = [imports, moduleAugmentations].map((nodes) => nodes.map((node: Node & { readonly text?: string }) => node.text));
  const directives = [referencedFiles, typeReferenceDirectives, libReferenceDirectives].map((files) => files.map(({ fileName }) => fileName));
  return JSON.stringify([specifiers, directives]);
}
