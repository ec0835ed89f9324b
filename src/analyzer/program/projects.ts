import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { API } from 'typescript7/sync';

/** Compiler options as the API takes them: enums are numbers, paths absolute. */
export type CompilerOptions = Record<string, unknown>;

/** A set of root files with the options they are compiled with. */
export interface ProjectSpec {
  /** Path of the tsconfig/jsconfig, or `inferred:DIR` for loose files below DIR. */
  readonly key: string;
  readonly configFile: string | undefined;
  rootFiles: string[];
  options: CompilerOptions;
  /** Config files that this one refers to (`references`), absolute. */
  references: string[];
  /** What is wrong with the configuration, in sentences. */
  notes: string[];
}

// Numeric values of the compiler's enums (ModuleKind.Preserve, ModuleResolutionKind.Bundler, ScriptTarget.ESNext,
// JsxEmit.Preserve, ModuleDetectionKind.Force): the API takes options as JSON.
const MODULE_PRESERVE = 200;
const RESOLUTION_BUNDLER = 100;
const TARGET_ESNEXT = 99;
const JSX_PRESERVE = 1;
const MODULE_DETECTION_FORCE = 3;

/** Reads a tsconfig or jsconfig. A broken one gives what can be read of it, with notes; never throws. */
export function readProject(api: API, configFile: string): ProjectSpec {
  const spec: ProjectSpec = { key: configFile, configFile, rootFiles: [], options: {}, references: [], notes: [] };
  try {
    const parsed = api.parseConfigFile(configFile);
    spec.rootFiles = [...parsed.fileNames];
    spec.options = analysisOptions(parsed.options as CompilerOptions, path.dirname(configFile));
    spec.references = (parsed.projectReferences ?? []).map((reference) => configPath(String(reference.path)));
    // 18002/18003: no inputs were found, which is how a solution-style config looks.
    spec.notes = parsed.errors.filter((error) => error.code !== 18002 && error.code !== 18003).map((error) => error.text);
  } catch (error) {
    spec.notes = [error instanceof Error ? error.message.replace(/^api: (client error: )?/, '') : String(error)];
    spec.options = inferredOptions(path.dirname(configFile));
  }
  return spec;
}

/** A reference names a config file, or a directory with a tsconfig.json in it. */
function configPath(reference: string): string {
  return reference.endsWith('.json') ? reference : path.join(reference, 'tsconfig.json');
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
    references: [],
    notes: [],
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
      ...nodeTypes(directory),
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
  if (result.types === undefined) result.types = ['*'];
  if (!findTypesPackage(directory) && !result.typeRoots) Object.assign(result, nodeTypes(directory));
  return result;
}

/** Where no `@types/node` is installed for a directory, the one that ships with this package. */
function nodeTypes(directory: string): CompilerOptions {
  if (findTypesPackage(directory)) return { types: ['*'] };
  const shipped = shippedTypeRoot();
  return shipped ? { types: ['node'], typeRoots: [shipped] } : {};
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

/** The directory and its parents, nearest first. */
export function* ancestors(directory: string): Generator<string> {
  for (let at = directory; ; at = path.dirname(at)) {
    yield at;
    if (path.dirname(at) === at) return;
  }
}

/** The configuration files that may govern a file: tsconfig.json before jsconfig.json, nearest first. */
export function candidateConfigs(file: string, exists: (path: string) => boolean): string[] {
  const found: string[] = [];
  for (const directory of ancestors(path.dirname(file))) {
    if (path.basename(directory) === 'node_modules') break;
    for (const name of ['tsconfig.json', 'jsconfig.json']) {
      const config = path.join(directory, name);
      if (exists(config)) found.push(config);
    }
  }
  return found;
}

/** The directory whose inferred project a loose file belongs to: where its Node types are installed, else the root. */
export function inferredDirectory(file: string): string {
  return findTypesPackage(path.dirname(file)) ?? path.parse(file).root;
}
