// What is written from the rules: the manifest's rule settings, the configuration's JSON schemas, the README's tables and
// the head of each rule's page.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { severities } from '../src/analyzer/finding';
import { rules as all } from '../src/analyzer/rules';
import { presets, type OptionsSchema, type Rule } from '../src/analyzer/rules/rule';

const levels = ['off', ...severities];
const rules = all as readonly Rule[];

/** Content by file, relative to the repository; what they hold outside the generated parts is kept. */
export function generatedFiles(): Map<string, string> {
  const schema = configurationSchema();
  const manifest = withRuleSettings(JSON.parse(readFileSync('package.json', 'utf8')) as Manifest);
  const files = new Map([
    ['package.json', json(manifest)],
    ['schemas/asyncscope.schema.json', json({ $schema: 'http://json-schema.org/draft-07/schema#', ...schema })],
    ['schemas/package.schema.json', json({ $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', properties: { asyncscope: schema } })],
    ['docs/rules/README.md', `# Rules\n\n${ruleTable('')}`],
  ]);
  const readme = between('settings', settingsTable(manifest), readFileSync('README.md', 'utf8'));
  files.set('README.md', between('rules', ruleTable('docs/rules/'), readme));
  for (const rule of rules) {
    const file = path.posix.join('docs/rules', `${rule.id}.md`);
    const heading = `# ${rule.id}\n\n`;
    const page = existsSync(file) ? readFileSync(file, 'utf8') : markers('rule', '');
    files.set(file, between('rule', ruleFacts(rule), page.startsWith(heading) ? page : heading + page));
  }
  return files;
}

interface Setting {
  default: unknown;
  markdownDescription: string;
  properties?: Record<string, object>;
}

interface Manifest {
  contributes: { configuration: { properties: Record<string, Setting> } };
}

function withRuleSettings(manifest: Manifest): Manifest {
  const setting = manifest.contributes.configuration.properties['asyncscope.rules'];
  if (!setting) throw new Error('package.json has no setting "asyncscope.rules".');
  setting.properties = Object.fromEntries(
    rules.map((rule) => [rule.id, { type: 'string', enum: levels, description: rule.description }]),
  );
  return manifest;
}

function configurationSchema(): object {
  return {
    title: 'Configuration of Asyncscope',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string' },
      preset: { description: 'Which rules are on.', enum: presets, default: 'recommended' },
      rules: {
        description: 'Severity of single rules, or [severity, options].',
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(rules.map((rule) => [rule.id, ruleSchema(rule)])),
      },
      exclude: {
        description: "Files that are not looked at: globs relative to this file's folder.",
        type: 'array',
        items: { type: 'string' },
      },
    },
  };
}

function ruleSchema(rule: Rule): object {
  const { description } = rule;
  const severity = { enum: levels };
  if (Object.keys(rule.schema.properties).length === 0) return { description, ...severity };
  const both = { type: 'array', items: [severity, rule.schema], minItems: 1, maxItems: 2, additionalItems: false };
  return { description, anyOf: [severity, both] };
}

function settingsTable(manifest: Manifest): string {
  const texts = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Record<string, string>;
  const rows = Object.entries(manifest.contributes.configuration.properties).map(([name, setting]) => {
    const text = setting.markdownDescription.replace(/^%(.*)%$/, (whole, key: string) => texts[key] ?? whole);
    return [`\`${name}\``, `\`${JSON.stringify(setting.default)}\``, text];
  });
  return table(['Setting', 'Default', 'What it does'], rows);
}

function ruleTable(folder: string): string {
  const rows = rules.map((rule) => [`[\`${rule.id}\`](${folder}${rule.id}.md)`, rule.description, rule.severity, rule.preset]);
  return table(['Rule', 'What it finds', 'Severity', 'Preset'], rows);
}

function ruleFacts(rule: Rule): string {
  const equal = rule.equals.length === 0 ? '' : ` Steps back where ESLint has ${rule.equals.map((id) => `\`${id}\``).join(' or ')} on.`;
  return `${rule.description}\n\nSeverity: ${rule.severity}. Preset: ${rule.preset}.${equal}\n${optionsTable(rule.schema)}`;
}

function optionsTable({ properties }: OptionsSchema): string {
  const rows = Object.entries(properties).map(([name, option]) => [
    `\`${name}\``,
    `\`${JSON.stringify(option.default)}\``,
    option.description,
  ]);
  return rows.length === 0 ? '' : `\n${table(['Option', 'Default', 'What it does'], rows)}`;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

function markers(name: string, content: string): string {
  return `<!-- ${name}: generated -->\n${content}<!-- /${name} -->\n`;
}

/** The text with its part between the markers of that name replaced. */
function between(name: string, content: string, text: string): string {
  const [start, end] = [`<!-- ${name}: generated -->\n`, `<!-- /${name} -->\n`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The markers "${start.trim()}" and "${end.trim()}" are missing; put them back.`);
  return text.slice(0, from) + markers(name, content) + text.slice(to + end.length);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
