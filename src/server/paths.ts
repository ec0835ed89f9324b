import path from 'node:path';
import { URI } from 'vscode-uri';

const extensionOfLanguage: Readonly<Record<string, string>> = {
  javascript: '.js',
  javascriptreact: '.jsx',
  typescript: '.ts',
  typescriptreact: '.tsx',
};

/** Languages whose documents are checked. */
export function isCheckedLanguage(languageId: string): boolean {
  return languageId in extensionOfLanguage;
}

/** The absolute path of a `file:` URI, with `/` as the compiler writes it; undefined for other schemes. */
export function pathOfUri(uri: string): string | undefined {
  const parsed = URI.parse(uri);
  return parsed.scheme === 'file' ? parsed.fsPath.split(path.sep).join('/') : undefined;
}

export function uriOfPath(file: string): string {
  return URI.file(file).toString();
}

/**
 * Where a document that was never saved would be, were it saved in the folder given: the compiler knows files by path.
 * The name starts with `^` so that no real file is meant.
 */
export function pathOfUntitled(uri: string, languageId: string, folder: string): string | undefined {
  const parsed = URI.parse(uri);
  if (parsed.scheme !== 'untitled') return undefined;
  const name = parsed.path.replace(/[^\w.-]+/g, '_');
  const extension = extensionOfLanguage[languageId] ?? '.ts';
  return `${folder}/^${name}${name.endsWith(extension) ? '' : extension}`;
}

/** Whether a file is a folder's or lies below it; both with `/`. */
export function isInside(file: string, folder: string): boolean {
  return file === folder || file.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
