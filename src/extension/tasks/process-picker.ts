// Chooses one of the Node processes of this machine.
import path from 'node:path';
import * as vscode from 'vscode';
import type { ListedProcess } from '../../tracer/inspector/node-process';
import type { AddressTarget, ProcessTarget, Target } from '../../tracer/inspector/target';
import { ageText } from '../../tracer/task-text';

export interface PickedProcess {
  target: ProcessTarget | AddressTarget;
  label: string;
}

interface Choice extends vscode.QuickPickItem {
  /** Undefined for what only tells something. */
  means?: PickedProcess;
}

/** Asks; a process that is not listed can be named by its id, or by the address of its inspector. */
export async function pickProcess(): Promise<PickedProcess | undefined> {
  const { nodeProcesses, parseTarget } = await import('./probes');
  const picker = vscode.window.createQuickPick<Choice>();
  picker.title = 'Show the tasks of a Node process (its inspector stays open until it is removed)';
  picker.placeholder = 'Choose one, or type a process id or the host:port of an inspector';
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  picker.busy = true;
  const picked = new Promise<PickedProcess | undefined>((resolve) => {
    picker.onDidAccept(() => {
      const [choice] = picker.selectedItems;
      if (!choice?.means) return;
      resolve(choice.means);
      picker.hide();
    });
    picker.onDidHide(() => resolve(undefined));
  });
  picker.show();
  try {
    const listed = choicesOf(await nodeProcesses());
    let typed: PickedProcess | undefined;
    picker.items = listed;
    picker.onDidChangeValue((value) => {
      const now = typedChoice(value.trim(), parseTarget);
      const isListed = listed.some(({ means }) => isSame(means, now));
      if (isSame(typed, isListed ? undefined : now)) return; // a list that is set anew loses what was chosen in it
      typed = isListed ? undefined : now;
      picker.items = typed ? [{ label: typed.label, alwaysShow: true, means: typed }, ...listed] : listed;
    });
    picker.busy = false;
    return await picked;
  } finally {
    picker.dispose();
  }
}

function typedChoice(text: string, parseTarget: (text: string) => Target): PickedProcess | undefined {
  // A port alone would be taken for the id of a process.
  if (!/^\d+$|:\d+$/.test(text)) return undefined;
  try {
    const target = parseTarget(text);
    if (target.kind === 'process') return { target, label: `Process ${target.pid}` };
    if (target.kind === 'address') return { target, label: `Inspector at ${text}` };
  } catch {
    // No id and no port: it is looked for in the list.
  }
  return undefined;
}

function isSame(one: PickedProcess | undefined, other: PickedProcess | undefined): boolean {
  return JSON.stringify(one?.target) === JSON.stringify(other?.target);
}

/** The user's own, the newest first, and below them those of VS Code. */
function choicesOf(processes: readonly ListedProcess[]): Choice[] {
  const sorted = [...processes].sort((one, other) => (one.ageMs ?? Infinity) - (other.ageMs ?? Infinity) || other.pid - one.pid);
  const above = ancestorsOf(process.ppid, processes);
  const isOwn = (each: ListedProcess): boolean => above.has(each.pid) || runsPartOfVsCode(each);
  const others = sorted.filter((each) => !isOwn(each)).map((each) => choiceOf(each));
  const none = { label: 'No Node process of yours was found', detail: 'Start one, or type the id of a process or the host:port of its inspector.', alwaysShow: true };
  return [...(others.length > 0 ? others : [none]), ...sorted.filter(isOwn).map((each) => choiceOf(each, "VS Code's own"))];
}

function choiceOf({ pid, argv, folder, ageMs }: ListedProcess, note = ''): Choice {
  const program = programOf(argv);
  return {
    label: program,
    description: [String(pid), note, ageMs === undefined ? '' : `for ${ageText(ageMs)}`, folder ? `in ${folder}` : ''].filter(Boolean).join(' · '),
    detail: argv.join(' '),
    means: { target: { kind: 'process', pid }, label: `${program} [${pid}]` },
  };
}

/** Who has started the extension host. */
function ancestorsOf(first: number, processes: readonly ListedProcess[]): Set<number> {
  const found = new Set<number>();
  for (let pid: number | undefined = first; pid !== undefined && !found.has(pid); pid = processes.find((each) => each.pid === pid)?.parent) found.add(pid);
  return found;
}

/** Its server, its extension hosts, the language servers of its extensions. */
function runsPartOfVsCode({ argv }: ListedProcess): boolean {
  // Programs are debugged by Node, not by the desktop's own executable.
  if (process.versions['electron'] !== undefined && argv[0] === process.execPath) return true;
  const folders = [vscode.env.appRoot, ...vscode.extensions.all.map(({ extensionPath }) => extensionPath)];
  return argv.some((word) => folders.some((folder) => word.startsWith(folder + path.sep)));
}

/** Options of Node's whose value is the next word. */
const withValue = new Set(['-r', '--require', '--import', '--loader', '--experimental-loader', '-C', '--conditions', '--env-file', '--title', '--stack-trace-limit']);

/** The script that a command line runs, else the executable. */
function programOf([executable = '', ...rest]: readonly string[]): string {
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!;
    if (withValue.has(word)) at++;
    else if (/^(-e|--eval|-p|--print|-pe)$/.test(word)) return `${path.basename(executable)} ${word}`;
    else if (word !== '' && !word.startsWith('-')) return path.basename(word);
  }
  // A program that names itself (`process.title`) has no words but that.
  return rest.length === 0 && executable.includes(' ') ? executable : path.basename(executable);
}
