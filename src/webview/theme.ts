// The colours of VS Code's theme, for what is drawn on a canvas.

export interface Theme {
  background: string;
  foreground: string;
  faint: string;
  grid: string;
  font: string;
  /** Tasks have one of these, by their function. */
  bars: string[];
  blocked: string;
  group: string;
  selection: string;
  match: string;
  /** Every bar has a border of its colour, and no fill tells anything alone. */
  isHighContrast: boolean;
}

/** The charts' orange is half transparent in many themes, and red is for what is wrong. */
const BARS = ['--vscode-charts-blue', '--vscode-charts-green', '--vscode-charts-purple', '--vscode-terminal-ansiCyan', '--vscode-charts-yellow'];

/** As the page has them now; they change with the theme. */
export function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const value = (...names: string[]): string => names.map((name) => style.getPropertyValue(name).trim()).find(Boolean) ?? style.color;
  const isHighContrast = document.body.classList.contains('vscode-high-contrast') || document.body.classList.contains('vscode-high-contrast-light');
  return {
    background: value('--vscode-editor-background'),
    foreground: value('--vscode-editor-foreground', '--vscode-foreground'),
    faint: value('--vscode-descriptionForeground'),
    grid: value('--vscode-editorIndentGuide-background1', '--vscode-tree-indentGuidesStroke', '--vscode-contrastBorder'),
    font: `11px ${value('--vscode-font-family')}`,
    bars: BARS.map((name) => value(name)),
    blocked: value('--vscode-charts-red', '--vscode-errorForeground'),
    group: value('--vscode-charts-lines', '--vscode-foreground'),
    selection: value('--vscode-contrastActiveBorder', '--vscode-focusBorder'),
    match: value('--vscode-editor-findMatchBorder', '--vscode-editorOverviewRuler-findMatchForeground', '--vscode-charts-orange'),
    isHighContrast,
  };
}

/** Calls back when VS Code has changed the theme. */
export function onThemeChange(changed: () => void): void {
  new MutationObserver(changed).observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  new MutationObserver(changed).observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
}
