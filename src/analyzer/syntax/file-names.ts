/** Whether a file is JavaScript, JSX included. */
export function isJavaScript(path: string): boolean {
  return /\.[cm]?jsx?$/.test(path);
}

/** Whether a file declares what the language itself has. */
export function isLanguageLibrary(path: string): boolean {
  return /\/lib\.[\w.]+\.d\.ts$/.test(path);
}

/** Whether a file only declares what others hold. */
export function isDeclarationFile(path: string): boolean {
  return /\.d\.[cm]?ts$/.test(path);
}
