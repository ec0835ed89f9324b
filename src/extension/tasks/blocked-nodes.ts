// What blocked a program's event loop, as a part of its tree.
import * as vscode from 'vscode';
import type { BlockedReport, BlockedSpot } from '../../tracer/live/blocked-loop';
import { blockedPlaceText, blockedSpotText } from '../../tracer/live/blocked-text';
import { openCommand } from '../open-place';
import { ageText, plural, positionText } from '../../tracer/task-text';

export interface BlockedNode {
  readonly kind: 'blocked';
  readonly key: string;
  readonly report: BlockedReport;
}

/** All blocks of one place. */
export interface BlockedSpotNode {
  readonly kind: 'blocked-spot';
  readonly key: string;
  readonly spot: BlockedSpot;
  /** It lasts. */
  readonly goesOn: boolean;
}

/** Nothing where the loop was not blocked, or is not watched. */
export function blockedNodes(parent: string, report: BlockedReport | undefined): BlockedNode[] {
  return report && (report.spots.length > 0 || report.goingOn) ? [{ kind: 'blocked', key: `${parent}/blocked`, report }] : [];
}

export function blockedSpotNodes({ key, report: { spots, goingOn } }: BlockedNode): BlockedSpotNode[] {
  const nodes = spots.map((spot, index): BlockedSpotNode => ({ kind: 'blocked-spot', key: `${key}/${keyOf(spot, index)}`, spot, goesOn: false }));
  return goingOn ? [{ kind: 'blocked-spot', key: `${key}/now`, spot: goingOn, goesOn: true }, ...nodes] : nodes;
}

/** Places are sorted by time, and change their order: a node stays the same by its place. */
function keyOf({ at, stack }: BlockedSpot, index: number): string {
  return at ? `${positionText(at)} ${stack.map((call) => `${call.at.line}:${call.at.column}`).join(' ')}` : String(index);
}

export function blockedItem({ report: { spots, dropped } }: BlockedNode): vscode.TreeItem {
  const item = new vscode.TreeItem('Blocked event loop', vscode.TreeItemCollapsibleState.Collapsed);
  const count = spots.reduce((sum, spot) => sum + spot.count, dropped);
  const totalMs = spots.reduce((sum, spot) => sum + spot.totalMs, 0);
  item.description = count === 0 ? 'now' : `${count}×, up to ${Math.max(...spots.map(({ longestMs }) => longestMs), 0)} ms, ${ageText(totalMs)} in all`;
  item.tooltip = `Nothing else of the thread ran meanwhile. Only the main thread is watched.${dropped > 0 ? ` ${plural(dropped, 'block')} at further places were only counted.` : ''}`;
  item.iconPath = new vscode.ThemeIcon('flame', new vscode.ThemeColor('list.warningForeground'));
  item.contextValue = 'blocked';
  return item;
}

export function blockedSpotItem({ spot, goesOn }: BlockedSpotNode): vscode.TreeItem {
  const { at, name, calls, longestMs, totalMs, count, lastAt, task, stack } = spot;
  const item = new vscode.TreeItem(at ? `${name}${calls ? `, in ${calls}` : ''}` : blockedPlaceText(spot));
  const place = at ? `${spot.exact ? '' : '~'}${at.file.split(/[\\/]/).pop()}:${at.line}` : '';
  const last = new Date(lastAt).toLocaleTimeString();
  const times = goesOn ? `for ${ageText(longestMs)} now` : `${longestMs} ms${count > 1 ? ` longest, ${count}×, ${ageText(totalMs)} in all` : ''}, last ${last}`;
  item.description = [place, times, task ? `in task ${task.name}` : ''].filter(Boolean).join('  ');
  const calledBy = stack.map((call) => `${call.name}  ${positionText(call.at)}`);
  item.tooltip = [`${blockedPlaceText(spot)}: ${blockedSpotText(spot)}.`, ...(at && !spot.exact ? ['Native code ran; JavaScript went on near this line.'] : []), '', ...calledBy].join('\n');
  item.iconPath = new vscode.ThemeIcon(goesOn ? 'loading~spin' : 'location');
  item.contextValue = 'blockedSpot';
  item.accessibilityInformation = { label: `${blockedPlaceText(spot)}, ${blockedSpotText(spot)}` };
  if (at) item.command = openCommand(at);
  return item;
}
