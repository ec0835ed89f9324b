// The processes of Windows: only PowerShell tells their command lines.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const query = [
  '[Console]::OutputEncoding = [Text.Encoding]::UTF8',
  "Get-CimInstance Win32_Process | Select-Object ProcessId, ParentProcessId, CommandLine, @{ n = 'AgeMs'; e = { [long]((Get-Date) - $_.CreationDate).TotalMilliseconds } } | ConvertTo-Json -Compress",
].join('; ');

export interface WindowsProcess {
  pid: number;
  parent: number;
  /** Empty where Windows does not tell: of processes of others. */
  argv: string[];
  ageMs: number | undefined;
}

/** All of them; none where there is no PowerShell. Takes about a second. */
export async function windowsProcesses(): Promise<WindowsProcess[]> {
  try {
    const { stdout } = await promisify(execFile)('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', query], { maxBuffer: 1 << 26, windowsHide: true });
    return parseProcesses(stdout);
  } catch {
    return [];
  }
}

/** PowerShell's JSON: a list, but for a single one. */
export function parseProcesses(json: string): WindowsProcess[] {
  return [JSON.parse(json) as unknown].flat().flatMap((row) => {
    const { ProcessId: pid, ParentProcessId: parent, CommandLine: line, AgeMs: ageMs } = (row ?? {}) as Record<string, unknown>;
    if (typeof pid !== 'number' || typeof parent !== 'number') return [];
    return [{ pid, parent, argv: typeof line === 'string' ? wordsOf(line) : [], ageMs: typeof ageMs === 'number' ? ageMs : undefined }];
  });
}

export function runsNode({ argv: [executable = ''] }: WindowsProcess): boolean {
  return /(^|[\\/])node(\.exe)?$/i.test(executable);
}

function wordsOf(line: string): string[] {
  return (line.match(/(?:"[^"]*"|[^\s"])+/g) ?? []).map((word) => word.replaceAll('"', ''));
}
