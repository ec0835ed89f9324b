// What keeps a program alive, as a part of its tree.
import * as vscode from 'vscode';
import type { HandleRow } from '../../agent/handle-protocol';
import { dueText, handleText, madeText, oneHandleText, shownHandles } from '../../tracer/live/handle-text';
import type { HandleReport, KeepingAlive } from '../../tracer/live/handles';
import { openCommand } from '../open-place';
import { ageText, placeMark, plural, positionText } from '../../tracer/task-text';

export interface HandlesNode {
  readonly kind: 'handles';
  readonly key: string;
  readonly report: HandleReport;
}

/** All handles of one kind and place. */
export interface HandleGroupNode {
  readonly kind: 'handle-group';
  readonly key: string;
  readonly group: KeepingAlive;
}

/** One of several. */
export interface HandleNode {
  readonly kind: 'handle';
  readonly key: string;
  readonly group: KeepingAlive;
  readonly row: HandleRow;
}

/** Nothing where nothing keeps it alive, or that is not watched. */
export function handlesNodes(parent: string, report: HandleReport | undefined): HandlesNode[] {
  return report && shownHandles(report).length > 0 ? [{ kind: 'handles', key: `${parent}/handles`, report }] : [];
}

export function handleGroupNodes({ key, report }: HandlesNode): HandleGroupNode[] {
  // What was made first has the lowest number: a node stays the same while its oldest is there.
  return shownHandles(report).map((group, index) => ({ kind: 'handle-group', key: `${key}/${group.resource}${group.handles[0]?.id || `-${index}`}`, group }));
}

export function handleNodes({ key, group }: HandleGroupNode): HandleNode[] {
  return group.count > 1 ? group.handles.map((row, index) => ({ kind: 'handle', key: `${key}/${row.id || `-${index}`}`, group, row })) : [];
}

export function handlesItem({ report }: HandlesNode): vscode.TreeItem {
  const item = new vscode.TreeItem('Kept alive by', vscode.TreeItemCollapsibleState.Collapsed);
  const count = shownHandles(report).reduce((sum, group) => sum + group.count, 0);
  item.description = plural(count, 'handle');
  item.tooltip = ['While these are there, the program does not end by itself. Timers that are unref’d and streams that nobody reads are not among them.', ...report.warnings].join('\n\n');
  item.iconPath = new vscode.ThemeIcon('pulse');
  item.contextValue = 'handles';
  return item;
}

export function handleGroupItem({ group }: HandleGroupNode): vscode.TreeItem {
  const { None, Collapsed } = vscode.TreeItemCollapsibleState;
  const [oldest] = group.handles;
  const text = handleText(group);
  const item = new vscode.TreeItem(text, group.count > 1 && oldest ? Collapsed : None);
  const age = oldest?.ageMs === undefined ? '' : `${group.count > 1 ? 'oldest ' : ''}${ageText(oldest.ageMs)}`;
  item.description = [age, shortPlace(group), oldest && group.count === 1 ? dueText(oldest) : ''].filter(Boolean).join('  ');
  return withPlace(item, text, group);
}

export function handleItem({ group, row }: HandleNode): vscode.TreeItem {
  const text = oneHandleText(group, row);
  const item = new vscode.TreeItem(text);
  item.description = [row.ageMs === undefined ? '' : ageText(row.ageMs), dueText(row)].filter(Boolean).join('  ');
  return withPlace(item, text, group);
}

function withPlace(item: vscode.TreeItem, text: string, group: KeepingAlive): vscode.TreeItem {
  const { at, atIsExact, within } = group;
  const where = at ? `${madeText(group)} at ${placeMark(atIsExact !== false)}${positionText(at)}` : 'It is not known where it was made.';
  item.tooltip = [text, where, ...(within ? [`by ${positionText(within)}`] : [])].join('\n');
  item.iconPath = new vscode.ThemeIcon(group.kind === 'timer' || group.kind === 'interval' ? 'clock' : 'plug');
  item.contextValue = 'handle';
  item.accessibilityInformation = { label: `${text}, ${String(item.description)}` };
  if (at) item.command = openCommand(at);
  return item;
}

function shortPlace({ at, atIsExact }: KeepingAlive): string {
  return at ? `${placeMark(atIsExact !== false)}${at.file.split(/[\\/]/).pop()}:${at.line}` : '';
}
