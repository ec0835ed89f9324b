// The one language status item: what the server does, what it found, its log, and a restart when it has failed.
import * as vscode from 'vscode';
import type { StatusParams } from '../server/protocol';

const showLog = { command: 'asyncscope.showLog', title: 'Show Log' };
const restart = { command: 'asyncscope.restartServer', title: 'Restart' };

export class ServerStatus implements vscode.Disposable {
  private readonly item: vscode.LanguageStatusItem;
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly version: string,
    selector: vscode.DocumentSelector,
  ) {
    this.item = vscode.languages.createLanguageStatusItem('asyncscope.server', selector);
    this.item.name = 'Asyncscope';
    this.starting();
  }

  get shown(): Pick<vscode.LanguageStatusItem, 'text' | 'detail' | 'busy' | 'severity'> {
    const { text, detail, busy, severity } = this.item;
    return { text, detail, busy, severity };
  }

  starting(): void {
    this.show({ detail: 'Starting', busy: true });
  }

  update({ busy, problems, hints, files, notes }: StatusParams): void {
    const listed = problems - hints;
    const kinds = [listed > 0 ? count(listed, 'problem') : '', hints > 0 ? count(hints, 'hint') : ''].filter(Boolean).join(' and ');
    const found = problems === 0 ? 'No problems' : `${kinds} in ${count(files, 'file')}`;
    this.show({ detail: [found, ...notes].join(' · '), busy });
  }

  failed(reason: string): void {
    this.show({ detail: reason, severity: vscode.LanguageStatusSeverity.Error, command: restart });
  }

  dispose(): void {
    this.item.dispose();
    this.changed.dispose();
  }

  private show(state: { detail: string; busy?: boolean; severity?: vscode.LanguageStatusSeverity; command?: vscode.Command }): void {
    this.item.text = `Asyncscope ${this.version}`;
    this.item.detail = state.detail;
    this.item.busy = state.busy ?? false;
    this.item.severity = state.severity ?? vscode.LanguageStatusSeverity.Information;
    this.item.command = state.command ?? showLog;
    this.changed.fire();
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
