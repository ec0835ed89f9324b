// Fitting text to the terminal.
/** The terminal's width; without a terminal COLUMNS, or no limit. */
export function outputWidth(): number {
  const columns = process.stdout.columns ?? Number(process.env['COLUMNS']);
  return columns > 0 ? columns : Infinity;
}

export type Cut = 'start' | 'end';

/** At most `width` characters; what is cut shows as `…`. Counts code points: wide characters take two columns, which is accepted. */
export function fit(text: string, width: number, cut: Cut = 'end'): string {
  if (text.length <= width) return text;
  const characters = [...text];
  if (characters.length <= width) return text;
  if (width <= 1) return width === 1 ? '…' : '';
  return cut === 'end' ? `${characters.slice(0, width - 1).join('')}…` : `…${characters.slice(1 - width).join('')}`;
}
