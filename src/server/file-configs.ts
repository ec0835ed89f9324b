import path from 'node:path';
import picomatch from 'picomatch';
import { ConfigError, ConfigFinder, type FileConfig } from '../analyzer/config/config';
import { isSource } from '../analyzer/source-files';
import type { WorkspaceSettings } from './settings';

const nothing: FileConfig = { excluded: true, rules: [] };

/** How each file is checked: its configuration file, the editor's settings over it, less what another linter checks. */
export class FileConfigs {
  /** One for each different set of overrides. */
  private readonly finders = new Map<string, ConfigFinder>();
  private readonly wrong = new Map<string, ConfigError>();

  /** `elsewhere` gives the ids of the rules whose equal another linter has on for a file. */
  constructor(
    private readonly settings: WorkspaceSettings,
    private readonly elsewhere: (file: string) => ReadonlySet<string>,
  ) {}

  /** Wrong configuration files that were met; the files that they govern are checked as if they had none. */
  get problems(): ConfigError[] {
    return [...this.wrong.values()];
  }

  forFile(file: string): FileConfig {
    const folder = this.settings.folderOf(file);
    const { enable, exclude } = this.settings.of(folder);
    if (!enable || !isSource(file) || file.includes('/node_modules/')) return nothing;
    if (exclude.length > 0 && isExcluded(exclude, folder ?? path.dirname(file), file)) return nothing;
    const config = this.configured(this.finder(folder), file);
    const elsewhere = this.elsewhere(file);
    if (config.excluded || elsewhere.size === 0) return config;
    return { excluded: false, rules: config.rules.filter(({ rule }) => !elsewhere.has(rule.id)) };
  }

  /** Forgets what was read: configuration files or settings have changed. */
  reset(): void {
    this.finders.clear();
    this.wrong.clear();
  }

  private configured(finder: ConfigFinder, file: string): FileConfig {
    try {
      return finder.forFile(file);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.wrong.set(error.file, error);
      return finder.defaults;
    }
  }

  private finder(folder: string | undefined): ConfigFinder {
    const { preset, rules } = this.settings.of(folder);
    const key = JSON.stringify([preset, rules]);
    let finder = this.finders.get(key);
    if (!finder) this.finders.set(key, (finder = new ConfigFinder({ ...(preset !== '' && { preset }), rules })));
    return finder;
  }
}

function isExcluded(globs: readonly string[], base: string, file: string): boolean {
  return picomatch([...globs], { dot: true })(path.relative(base, file).split(path.sep).join('/'));
}
