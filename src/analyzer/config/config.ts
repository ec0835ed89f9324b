import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';
import picomatch from 'picomatch';
import { severities, type Severity } from '../finding';
import { ruleById, rules } from '../rules';
import { defaultOptions, presets, type Preset, type Rule } from '../rules/rule';

/** A rule's setting: a severity, or a severity with options. */
export type RuleSetting = Severity | 'off' | readonly [Severity | 'off', Record<string, unknown>];

/** What asyncscope.json, `"asyncscope"` in package.json, the editor's settings and the command line can say. */
export interface Config {
  preset?: Preset;
  rules?: Record<string, RuleSetting>;
  /** Globs of files not to check, relative to the configuration's folder. */
  exclude?: string[];
}

/** A wrong configuration: the message names the file, the place and what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError';

  /**
   * `file` is the configuration's path, or what else the wrong values came from; `place` is where in it: a line, from
   * 1, where it is no JSON, else the property's path.
   */
  constructor(
    readonly file: string,
    readonly reason: string,
    readonly place: { readonly line?: number; readonly property?: readonly string[] } = {},
  ) {
    super(`${file}${place.line === undefined ? '' : `:${place.line}`}: ${reason}`);
  }
}

/** How the rules are set for one file. */
export interface FileConfig {
  readonly excluded: boolean;
  /** The rules that are on. */
  readonly rules: readonly { rule: Rule; severity: Severity | undefined; options: object }[];
}

const configNames = ['asyncscope.json', 'asyncscope.jsonc'];

/** Finds the configuration nearest to each file; overrides (command line, editor) win over it. */
export class ConfigFinder {
  private readonly byDirectory = new Map<string, { file: string; config: Config } | undefined>();
  private readonly resolved = new Map<Config | undefined, FileConfig['rules']>();

  /** `fixedFile`, where given, is used for every file in place of the nearest. */
  constructor(
    private readonly overrides: Config = {},
    private readonly fixedFile?: string,
  ) {
    checkConfig(overrides, 'the given settings');
  }

  /** How files that no configuration governs are checked. */
  get defaults(): FileConfig {
    return { excluded: false, rules: this.active(undefined) };
  }

  /** How a file is to be checked. Throws {@link ConfigError} where its configuration is wrong. */
  forFile(file: string): FileConfig {
    const found = this.fixedFile ? this.read(this.fixedFile) : this.nearest(path.dirname(file));
    const base = found ? path.dirname(found.file) : undefined;
    const excluded =
      (base !== undefined && isExcluded(found?.config.exclude, base, file)) ||
      isExcluded(this.overrides.exclude, base ?? path.parse(file).root, file);
    return { excluded, rules: this.active(found?.config) };
  }

  private active(config: Config | undefined): FileConfig['rules'] {
    let active = this.resolved.get(config);
    if (!active) this.resolved.set(config, (active = activeRules(config, this.overrides)));
    return active;
  }

  private nearest(directory: string): { file: string; config: Config } | undefined {
    if (this.byDirectory.has(directory)) return this.byDirectory.get(directory);
    const parent = path.dirname(directory);
    const found = this.here(directory) ?? (parent === directory ? undefined : this.nearest(parent));
    this.byDirectory.set(directory, found);
    return found;
  }

  private here(directory: string): { file: string; config: Config } | undefined {
    for (const name of configNames) {
      const file = path.join(directory, name);
      if (statSync(file, { throwIfNoEntry: false })?.isFile()) return this.read(file);
    }
    const manifest = path.join(directory, 'package.json');
    if (!statSync(manifest, { throwIfNoEntry: false })?.isFile()) return undefined;
    const content = parse(readText(manifest)) as { asyncscope?: Config } | undefined;
    if (content?.asyncscope === undefined) return undefined;
    return { file: manifest, config: checkConfig(content.asyncscope, manifest) };
  }

  private readonly files = new Map<string, { file: string; config: Config }>();

  private read(file: string): { file: string; config: Config } {
    const known = this.files.get(file);
    if (known) return known;
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      throw new ConfigError(file, 'the configuration file cannot be read. Check its path and permissions.');
    }
    const errors: ParseError[] = [];
    const config = parse(text, errors, { allowTrailingComma: true }) as Config;
    const first = errors[0];
    if (first) {
      const line = text.slice(0, first.offset).split('\n').length;
      throw new ConfigError(file, `not valid JSON (${printParseErrorCode(first.error)}). Correct it and run again.`, { line });
    }
    const result = { file, config: checkConfig(config, file) };
    this.files.set(file, result);
    return result;
  }
}

/** A manifest that nobody may read configures nothing. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function isExcluded(globs: readonly string[] | undefined, base: string, file: string): boolean {
  if (!globs || globs.length === 0) return false;
  return picomatch([...globs], { dot: true })(path.relative(base, file).split(path.sep).join('/'));
}

function activeRules(config: Config | undefined, overrides: Config): FileConfig['rules'] {
  const preset = overrides.preset ?? config?.preset ?? 'recommended';
  const limit = presets.indexOf(preset);
  return rules.flatMap((rule: Rule) => {
    const setting = overrides.rules?.[rule.id] ?? config?.rules?.[rule.id];
    const given = typeof setting === 'string' ? setting : setting?.[0];
    if (given === 'off' || (given === undefined && presets.indexOf(rule.preset) > limit)) return [];
    // Options given in a file still hold where the editor or command line sets a severity only.
    const configured = config?.rules?.[rule.id];
    const own = optionsOf(setting) ?? optionsOf(configured);
    return [{ rule, severity: given, options: { ...defaultOptions(rule), ...own } }];
  });
}

function optionsOf(setting: RuleSetting | undefined): Record<string, unknown> | undefined {
  return Array.isArray(setting) ? (setting[1] as Record<string, unknown>) : undefined;
}

/** Returns the configuration when every name and value in it is known; throws {@link ConfigError} otherwise. */
export function checkConfig(config: unknown, where: string): Config {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new ConfigError(where, 'the configuration must be an object such as {"preset": "recommended"}.');
  }
  for (const [name, value] of Object.entries(config)) {
    if (name === '$schema') continue;
    if (name === 'preset') {
      if (!presets.includes(value as Preset)) {
        throw new ConfigError(where, `"preset" must be one of ${presets.join(', ')}.`, { property: [name] });
      }
    } else if (name === 'exclude') {
      if (!Array.isArray(value) || value.some((glob) => typeof glob !== 'string')) {
        throw new ConfigError(where, '"exclude" must be an array of globs.', { property: [name] });
      }
    } else if (name === 'rules') {
      checkRules(value, where);
    } else {
      throw new ConfigError(where, `unknown property "${name}". Known: preset, rules, exclude.`, { property: [name] });
    }
  }
  return config;
}

function checkRules(value: unknown, where: string): void {
  if (typeof value !== 'object' || value === null) {
    throw new ConfigError(where, '"rules" must be an object of rule ids.', { property: ['rules'] });
  }
  for (const [id, setting] of Object.entries(value)) {
    const place = { property: ['rules', id] };
    const rule = ruleById(id);
    if (!rule) throw new ConfigError(where, `there is no rule "${id}". "asyncscope rules" lists them.`, place);
    const [severity, options] = (Array.isArray(setting) ? setting : [setting]) as [unknown, unknown];
    if (severity !== 'off' && !severities.includes(severity as Severity)) {
      throw new ConfigError(where, `rule "${id}" must be off, ${severities.join(', ')}, or [severity, options].`, place);
    }
    if (options === undefined) continue;
    if (typeof options !== 'object' || options === null) {
      throw new ConfigError(where, `the options of rule "${id}" must be an object.`, place);
    }
    const unknown = Object.keys(options).find((name) => !(name in rule.schema.properties));
    if (unknown) throw new ConfigError(where, `rule "${id}" has no option "${unknown}".`, place);
  }
}
