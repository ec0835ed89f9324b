import { existsSync } from 'node:fs';
import type { Diagnostic } from 'typescript7/sync';

/** Something wrong with a tsconfig or jsconfig; files are checked all the same. */
export interface ConfigProblem {
  /** Path of the configuration. */
  readonly config: string;
  /** A sentence or two. */
  readonly text: string;
  /** The configuration, or one that it extends, could not be read: types may be missing. */
  readonly unread: boolean;
}

const cannotReadFile = 5083;
const fileNotFound = 6053;
const circularExtends = 18000;
const notAnObject = 5092;
const noInputs = [18002, 18003];
const wrongOptionValue = 6046;
/** What the compiler says of a whole program that a reader of its configuration should know. */
const programCodes = new Set([
  5101, // deprecated option
  5107, // deprecated value
  5102, // removed option
  5108, // removed value
  2688, // types that are not installed
]);

/** What reading a configuration said; one without inputs is how a solution-style configuration looks, and no problem. */
export function parsingProblems(config: string, errors: readonly Diagnostic[]): ConfigProblem[] {
  return errors.filter(({ code }) => !noInputs.includes(code)).map((error) => parsingProblem(config, error));
}

function parsingProblem(config: string, error: Diagnostic): ConfigProblem {
  const { code, text } = error;
  const unread = (why: string): ConfigProblem => ({ config, text: `${why} Only its own options were used.`, unread: true });
  if (code === cannotReadFile || code === fileNotFound) return unread(text);
  if (code === circularExtends) return unread('It extends itself in a circle.');
  if (code === notAnObject) return { config, text, unread: true };
  // The list of what is allowed would fill the screen.
  if (code === wrongOptionValue) return { config, text: `${/^[^:]*?'--\w+'/.exec(text)?.[0] ?? text} has a value that TypeScript 7 does not know.`, unread: false };
  return { config, text, unread: false };
}

/** A configuration that is not valid JSON; what parses of it counts. */
export function jsonProblem(config: string, error: Diagnostic): ConfigProblem {
  const line = error.startPosition ? `Line ${error.startPosition.line + 1}: ` : '';
  return { config, text: `${line}not valid JSON (${error.text.replace(/\.$/, '')}). Only what parses of it was used.`, unread: true };
}

/** A configuration that could not be read at all. */
export function unreadableProblem(config: string): ConfigProblem {
  const text = existsSync(config)
    ? 'It cannot be read. Check that it is a file, and its permissions.'
    : 'There is no such file, though another configuration refers to it.';
  return { config, text, unread: true };
}

/** What the compiler says of the options once the program is there: removed ones, types that are missing. */
export function programProblems(config: string, diagnostics: readonly Diagnostic[]): ConfigProblem[] {
  return diagnostics
    .filter(({ code }) => programCodes.has(code))
    .map(({ text }) => ({ config, text: text.replace(/\. Please remove it from your configuration\.$/, ' in TypeScript 7; the files were checked all the same.'), unread: false }));
}
