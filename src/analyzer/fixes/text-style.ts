import type { Node, SourceFile } from '../program';

/** The fixes of a file, which may be thousands, ask one after the other. */
function onceForEachText<T>(read: (text: string) => T): (text: string) => T {
  let last: { text: string; value: T } | undefined;
  return (text) => (last?.text === text ? last : (last = { text, value: read(text) })).value;
}

/** The line ending that a file uses most. */
export const newlineOf = onceForEachText((text): string => {
  const all = text.match(/\n/g)?.length ?? 0;
  const crlf = text.match(/\r\n/g)?.length ?? 0;
  return crlf * 2 > all ? '\r\n' : '\n';
});

/** The blanks that the line of a node begins with. */
export function indentationAt({ text, sourceFile }: { text: string; sourceFile: SourceFile }, node: Node): string {
  const start = node.getStart(sourceFile);
  const lineStart = Math.max(text.lastIndexOf('\n', start - 1), text.lastIndexOf('\r', start - 1)) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, start))?.[0] ?? '';
}

/** What one level of indentation is in a file: a tab, or as many blanks as its first indented line. */
export function indentUnit(text: string): string {
  const first = /^(\t| {2,8})(?![ \t*])/m.exec(text);
  return first?.[1] ?? '  ';
}

/** Whether a file's statements end with semicolons: its imports tell, where it has some. */
export const usesSemicolons = onceForEachText((text): boolean => {
  const imports = text.match(/^(?:import|export)\b[^\n'"]*(['"])[^'"\n]*\1[ \t]*;?[ \t]*\r?$/gm);
  if (imports) return imports.filter((line) => /;\s*$/.test(line)).length * 2 >= imports.length;
  const lines = text.match(/[^\s{}(,;/*]\r?$/gm)?.length ?? 0;
  const ended = text.match(/;[ \t]*\r?$/gm)?.length ?? 0;
  return ended * 2 >= lines;
});

/** The quotes that a file's strings have. */
export const quoteOf = onceForEachText((text): string => {
  const double = text.match(/"/g)?.length ?? 0;
  const single = text.match(/'/g)?.length ?? 0;
  return double > single ? '"' : "'";
});
