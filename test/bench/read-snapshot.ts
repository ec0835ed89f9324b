// Reads one snapshot file, by our parser or by JSON.parse, and prints how long that took and the most memory it needed.
import { readFileSync } from 'node:fs';
import { parseSnapshotFile } from '../../src/tracer/heap/snapshot-file';

export interface ReadingCost {
  ms: number;
  peakBytes: number;
}

async function main(how: string, file: string): Promise<void> {
  const started = performance.now();
  const result: object = how === 'JSON.parse' ? (JSON.parse(readFileSync(file, 'utf8')) as object) : await parseSnapshotFile(file);
  const ms = performance.now() - started;
  // maxRSS is in kB.
  const cost: ReadingCost = { ms, peakBytes: process.resourceUsage().maxRSS * 1024 };
  process.stdout.write(`${JSON.stringify(Object.keys(result).length > 0 ? cost : {})}\n`);
}

if (process.argv[2] && process.argv[3]) void main(process.argv[2], process.argv[3]);
