import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { API, CreateSnapshotProgramParams, ProjectReference } from 'typescript7/sync';
import { isChannelFailure } from './compiler';
import { ancestors, slashed } from './paths';
import { jsonProblem, parsingProblems, unreadableProblem, type ConfigProblem } from './config-problems';

/** Compiler options as the API takes them: enums are numbers, paths absolute. */
export type CompilerOptions = Record<string, unknown>;

/** A set of root files with the options they are compiled with. */
export interface ProjectSpec {
  /** Path of the tsconfig/jsconfig, or `inferred:DIR` for loose files below DIR. */
  readonly key: string;
  readonly configFile: string | undefined;
  rootFiles: string[];
  options: CompilerOptions;
  /** What it refers to: imports of those projects' output lead to their sources. */
  projectReferences: readonly ProjectReference[];
  /** The same for packages of its workspace that it does not refer to. */
  workspaceReferences: readonly ProjectReference[];
  /** What is wrong with the configuration. */
  problems: ConfigProblem[];
}

// Numeric values of the compiler's enums (ModuleKind.Preserve, ModuleResolutionKind.Bundler, ScriptTarget.ESNext,
// JsxEmit.Preserve, ModuleDetectionKind.Force): the API takes options as JSON.
const MODULE_PRESERVE = 200;
const RESOLUTION_BUNDLER = 100;
const TARGET_ESNEXT = 99;
const JSX_PRESERVE = 1;
const MODULE_DETECTION_FORCE = 3;

/** Reads a tsconfig or jsconfig. A broken one gives what can be read of it, and what is wrong; never throws. */
export function readProject(api: API, configFile: string): ProjectSpec {
  const spec: ProjectSpec = { key: configFile, configFile, rootFiles: [], options: {}, projectReferences: [], workspaceReferences: [], problems: [] };
  try {
    const parsed = api.parseConfigFile(configFile);
    spec.rootFiles = [...parsed.fileNames];
    spec.options = analysisOptions(parsed.options as CompilerOptions, path.dirname(configFile));
    spec.projectReferences = parsed.projectReferences ?? [];
    const { error } = api.readConfigFile(configFile);
    spec.problems = error?.startPosition && error.code < 5000 ? [jsonProblem(configFile, error)] : parsingProblems(configFile, parsed.errors);
  } catch (error) {
    if (isChannelFailure(error)) throw error;
    spec.problems = [unreadableProblem(configFile)];
    spec.options = inferredOptions(path.dirname(configFile));
  }
  return spec;
}

/** The configuration files that a project refers to: a reference names one, or a directory with a tsconfig.json in it. */
export function referencedConfigs(spec: ProjectSpec): string[] {
  return spec.projectReferences.map(({ path: reference }) => (reference.endsWith('.json') ? reference : `${reference}/tsconfig.json`));
}

/**
 * Loose files: both module systems, JavaScript included, Node's types whatever is installed. `directory` is where the
 * types come from; files that have them from the same place share one program, each file a module of its own.
 */
export function inferredProject(directory: string): ProjectSpec {
  return {
    key: inferredKey(directory),
    configFile: undefined,
    rootFiles: [],
    options: inferredOptions(directory),
    projectReferences: [],
    workspaceReferences: [],
    problems: [],
  };
}

export function inferredKey(directory: string): string {
  return `inferred:${directory}`;
}

function inferredOptions(directory: string): CompilerOptions {
  return analysisOptions(
    {
      allowJs: true,
      strict: true,
      target: TARGET_ESNEXT,
      module: MODULE_PRESERVE,
      moduleResolution: RESOLUTION_BUNDLER,
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      jsx: JSX_PRESERVE,
      maxNodeModuleJsDepth: 0,
      moduleDetection: MODULE_DETECTION_FORCE,
    },
    directory,
  );
}

/**
 * Options that change what is emitted are dropped, and `types`, where it is not given, means every `@types` package,
 * as it did before TypeScript 6: a project written for an older compiler keeps its Node types.
 */
function analysisOptions(options: CompilerOptions, directory: string): CompilerOptions {
  const result: CompilerOptions = { ...options, noEmit: true, skipLibCheck: true };
  // With importHelpers the 7.1 compiler rebuilds the whole program after each edit (measured: 180 ms in place of 4).
  delete result.importHelpers;
  delete result.composite;
  delete result.incremental;
  delete result.declaration;
  delete result.declarationMap;
  delete result.emitDeclarationOnly;
  delete result.isolatedDeclarations;
  delete result.tsBuildInfoFile;
  result.types ??= ['*'];
  if (typeof options.baseUrl === 'string') result.paths = pathsFrom(options.baseUrl, options.paths as Paths | undefined);
  return findTypesPackage(directory) === undefined ? withShippedTypes(result, directory) : result;
}

type Paths = Readonly<Record<string, readonly string[]>>;

/** What `baseUrl` meant before TypeScript 7: paths are relative to it, and so is every import that names no package. */
function pathsFrom(baseUrl: string, paths: Paths = {}): Paths {
  const absolute = Object.entries(paths).map(([pattern, targets]) => [pattern, targets.map((target) => slashed(path.resolve(baseUrl, target)))] as const);
  return { '*': [`${baseUrl}/*`], ...Object.fromEntries(absolute) };
}

/** Where no `@types/node` is installed for a directory: with the one that ships with this package added. */
function withShippedTypes(options: CompilerOptions, directory: string): CompilerOptions {
  const shipped = shippedTypeRoot();
  if (shipped === undefined) return options;
  const given = options.types as string[];
  const roots = (options.typeRoots as string[] | undefined) ?? [...ancestors(directory)].map((at) => path.join(at, 'node_modules', '@types')).filter(existsSync);
  // The shipped root may hold more than Node's types: of it nothing else is taken.
  const installed = given.includes('*') ? roots.flatMap((root) => readdirSync(root).filter((name) => !name.startsWith('.'))) : given;
  return { ...options, typeRoots: [...roots, shipped].map((root) => slashed(root)), types: [...new Set([...installed, 'node'])] };
}

/** The nearest directory upwards in whose node_modules Node's types are installed. */
function findTypesPackage(directory: string): string | undefined {
  for (const at of ancestors(directory)) if (existsSync(path.join(at, 'node_modules', '@types', 'node'))) return at;
  return undefined;
}

function shippedTypeRoot(): string | undefined {
  const beside = path.join(__dirname, 'types');
  if (existsSync(path.join(beside, 'node'))) return beside;
  try {
    return path.dirname(path.dirname(createRequire(__filename).resolve('@types/node/package.json')));
  } catch {
    return undefined;
  }
}

/** The configuration files in a directory: tsconfig.json before jsconfig.json. */
export function configsIn(directory: string): string[] {
  return ['tsconfig.json', 'jsconfig.json'].map((name) => slashed(path.join(directory, name))).filter(existsSync);
}

/** The directory whose inferred project a loose file belongs to: where its Node types are installed, else the root. */
export function inferredDirectory(file: string): string {
  return findTypesPackage(path.dirname(file)) ?? path.parse(file).root;
}

/** A project as the API creates it. */
export function programOf({ rootFiles, options, projectReferences, workspaceReferences }: ProjectSpec): CreateSnapshotProgramParams {
  return { rootFiles, compilerOptions: options, options: { projectReferences: [...projectReferences, ...workspaceReferences] } };
}

/** Whether a project's files may import a file that it does not list. */
export function mayImport({ rootFiles, options }: ProjectSpec, file: string): boolean {
  return rootFiles.length > 0 && (!/\.[cm]?jsx?$/.test(file) || options.allowJs === true || options.checkJs === true);
}
