// What we have evaluated in a process is a script there, of which every debugger hears.

/**
 * By such a name debuggers know what is not the program's: js-debug lists no script of it, shows no frame of it, stops
 * for nothing that is thrown in it, and keeps a tenth of what it keeps of others, for good.
 */
const name = '\n//# sourceURL=asyncscope.cdp\n';

/** The parameters of a command, with that name for the script that comes of it. */
export function withName(params: { expression?: string; functionDeclaration?: string }): object {
  const { expression, functionDeclaration } = params;
  if (expression !== undefined) return { ...params, expression: expression + name };
  return functionDeclaration === undefined ? params : { ...params, functionDeclaration: functionDeclaration + name };
}
