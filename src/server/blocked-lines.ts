// What the editor says of lines that blocked the event loop, by file.
import type { MeasuredBlock } from '../analyzer/blocking/measured';
import type { BlockedPlace, BlockedPlacesParams } from './protocol';

export class BlockedLines {
  private byFile = new Map<string, BlockedPlace[]>();

  of(file: string): readonly MeasuredBlock[] {
    return this.byFile.get(file) ?? [];
  }

  /** Takes what is true now, and gives the files for which it is something else than before. What has another shape is left out. */
  replace(params: unknown): string[] {
    const before = this.byFile;
    this.byFile = new Map();
    const { places } = (params ?? {}) as Partial<BlockedPlacesParams>;
    for (const place of Array.isArray(places) ? places.filter(isPlace) : []) {
      // The compiler writes paths with slashes.
      const file = place.file.replaceAll('\\', '/');
      this.byFile.set(file, [...(this.byFile.get(file) ?? []), place]);
    }
    const files = new Set([...before.keys(), ...this.byFile.keys()]);
    return [...files].filter((file) => JSON.stringify(before.get(file)) !== JSON.stringify(this.byFile.get(file)));
  }
}

function isPlace(given: unknown): given is BlockedPlace {
  if (typeof given !== 'object' || given === null) return false;
  const { file, line, exact, calls, count, longestMs } = given as Record<string, unknown>;
  return (
    typeof file === 'string' &&
    typeof exact === 'boolean' &&
    (calls === undefined || typeof calls === 'string') &&
    [line, count, longestMs].every((value) => typeof value === 'number' && value > 0)
  );
}
