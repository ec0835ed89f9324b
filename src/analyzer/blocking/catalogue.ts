import data from './catalogue.json';

/**
 * What a blocking call costs: `low` microseconds, `medium` up to about a millisecond (longer on a slow disk), `high`
 * milliseconds to seconds, `unbounded` as long as somebody else takes, `size` whatever the size of the input makes it.
 */
export type Cost = 'low' | 'size' | 'medium' | 'high' | 'unbounded';

/** Costs from cheap to dear. */
export const costs: readonly Cost[] = ['low', 'size', 'medium', 'high', 'unbounded'];

/** A function, method or constructor that blocks the thread it is called on. */
export interface BlockingApi {
  /** Import specifier without `node:`, or `global`. */
  readonly module: string;
  /**
   * `name`, `object.name`, `default`, `Class.prototype.method`, `new Class`; with `()` at its end it is the function that
   * the named one returns.
   */
  readonly export: string;
  readonly cost: Cost;
  /** What it costs where an object literal among its arguments sets this option to true. */
  readonly costly?: { readonly option: string; readonly cost: Cost };
  /** What to use in its place. */
  readonly replacement?: string;
  /**
   * How the call is mended: `simple`: the function of the same name in fs/promises takes the same arguments; `promisify`:
   * the callback form of the same module, promisified; `twin`: the export {@link replacement} of the same module, which
   * takes the same arguments; `dataflow`: what it returns or takes changes too; `custom`: its own way. None: by hand.
   */
  readonly fix?: 'simple' | 'promisify' | 'twin' | 'dataflow' | 'custom';
  /** It blocks only with at most so many arguments; one more is the callback of its asynchronous form. */
  readonly syncWhenArgsAtMost?: number;
  /** It blocks unless its last argument is a callback. */
  readonly syncUnlessCallback?: boolean;
  /** It blocks unless an object literal among its arguments sets this option to true. */
  readonly syncUnlessOption?: string;
  /** It blocks only where an object literal among its arguments sets this option to true. */
  readonly syncWhenOption?: string;
  /** It blocks only where the argument at this index is a number. */
  readonly whenNumber?: number;
  /** A literal number up to this as its first argument makes it too cheap to speak of. */
  readonly smallUpTo?: number;
  readonly note?: string;
  /** False where that it blocks is known from its documentation only, not from running it. */
  readonly verified?: boolean;
}

interface CatalogueData {
  /** Packages that re-export everything of another module. */
  alsoHasAllOf: Record<string, string>;
  /** By module: the class of what a function returns, for code whose packages have no types. */
  returns: Record<string, Record<string, string>>;
  entries: BlockingApi[];
  /** What blocks but is not reported, and why. */
  notReported: { module: string; name: string; why: string }[];
  /** What looks like a blocking API by its name alone. */
  nameTraps: { name: string; why: string }[];
}

const catalogue = data as CatalogueData;

export const blockingApis: readonly BlockingApi[] = catalogue.entries;

/** Names that look like blocking APIs, and APIs that block but are not reported; the catalogue says why. */
export const notBlocking: readonly string[] = [
  ...catalogue.nameTraps.map(({ name }) => name),
  ...catalogue.notReported.map(({ module, name }) => `${module}.${name}`),
];

const byName = new Map(blockingApis.map((api) => [`${api.module} ${api.export}`, api]));

const modules = new Set([...blockingApis.map((api) => api.module), ...Object.keys(catalogue.alsoHasAllOf)]);

/** The module an import specifier names, if it has blocking APIs: `fs` for `node:fs`. */
export function catalogueModule(specifier: string): string | undefined {
  const name = specifier.replace(/^node:/, '');
  return modules.has(name) ? name : undefined;
}

/** The entry of a module's export, named as in {@link BlockingApi.export}. */
export function findApi(module: string, name: string): BlockingApi | undefined {
  const found = byName.get(`${module} ${name}`);
  if (found) return found;
  const whole = catalogue.alsoHasAllOf[module];
  return whole ? findApi(whole, name) : undefined;
}

const costlyForms = new Map(blockingApis.flatMap((api) => (api.costly ? [[api, { ...api, cost: api.costly.cost }] as const] : [])));

/** An API as it is called with its costly option: the same object each time. */
export function costlyForm(api: BlockingApi): BlockingApi {
  return costlyForms.get(api) ?? api;
}

/** The class of what a call of a module's export returns. */
export function returnedClass(module: string, name: string): string | undefined {
  const whole = catalogue.alsoHasAllOf[module];
  return catalogue.returns[module]?.[name] ?? (whole ? returnedClass(whole, name) : undefined);
}

/** How messages and the rule's options name an API: `fs.readFileSync`, `DatabaseSync.exec`, `new DatabaseSync`. */
export function apiLabel(api: BlockingApi): string {
  const { module, export: name } = api;
  if (name.includes('.prototype.')) return name.replace('.prototype.', '.').replace(/^default\./, `${module}.`);
  if (name.startsWith('default')) return name === 'default' ? module : `${module}${name.slice('default'.length)}`;
  if (name === 'new default') return `new ${module}`;
  if (module === 'global' || name.startsWith('new ')) return name;
  return `${module}.${name}`;
}

/** The name that a call of an API has at its end (`readFileSync`), by which places that may call it are found. */
export function calledName(api: BlockingApi): string {
  return api.export.replace(/^new |\(\)$/g, '').replace(/^.*\./, '');
}
