import type { Command } from 'commander';
import { rules } from '../analyzer/rules';
import type { Rule } from '../analyzer/rules/rule';
import { colors } from './colors';

/** Registers `rules`. */
export function addRules(program: Command): void {
  program
    .command('rules')
    .description('list the rules: id, default severity, preset, what each finds')
    .action(() => {
      process.stdout.write(ruleList(rules as readonly Rule[]));
    });
}

function ruleList(list: readonly Rule[]): string {
  const width = Math.max(...list.map((rule) => rule.id.length));
  return list
    .map((rule) => `${colors.bold(rule.id.padEnd(width))}  ${rule.severity.padEnd(7)}  ${rule.preset.padEnd(11)}  ${rule.description}\n`)
    .join('');
}
