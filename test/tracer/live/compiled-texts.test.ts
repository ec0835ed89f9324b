import assert from 'node:assert/strict';
import path from 'node:path';
import { BlockedLoopReader, RemoteWatchdog } from '../../../src/tracer/live/blocked-loop';
import { CompiledTexts } from '../../../src/tracer/live/compiled-texts';
import { LiveAgent } from '../../../src/tracer/live/live-agent';
import { ProcessRecorder } from '../../../src/tracer/recording/process-recorder';
import { agentPath } from '../../agent/agent-process';
import { makeFolder } from '../../folder';
import { nodeBinary, nodeMajors } from '../../host/provision';
import { TargetProcess } from '../heap/target-process';

/** As tsx and ts-node do it: what runs has other lines than what was written, and its source map in it. */
const loader = `const { transformSync } = require(${JSON.stringify(path.resolve('node_modules/esbuild'))});
const { readFileSync } = require('node:fs');
require('node:module')._extensions['.ts'] = (module, file) => {
  const { code } = transformSync(readFileSync(file, 'utf8'), { loader: 'ts', format: 'cjs', sourcemap: 'inline', sourcefile: file, banner: '// made\\n'.repeat(40) });
  module._compile(code, file);
};`;

const program = `interface Order {
  id: number;
}

function stocktake(order: Order): number {
  const end = performance.now() + 300;
  while (performance.now() < end) order.id++; // blocks
  return order.id;
}

async function sells(): Promise<void> {
  for (;;) {
    await new Promise<void>((resolve) => setTimeout(resolve, 20)); // waits
    stocktake({ id: 1 });
  }
}
void sells();
setTimeout(() => console.log('ready'), 50);
`;

const lineOf = (comment: string): number => program.split('\n').findIndex((line) => line.endsWith(`// ${comment}`)) + 1;

describe('blocks of programs that are compiled in memory', function () {
  this.timeout(60_000);

  for (const major of nodeMajors) {
    it(`are told of at the lines that were written, on Node ${major}`, async () => {
      const folder = makeFolder({ 'loader.js': loader, 'shop.ts': program });
      const shop = folder.file('shop.ts');
      const target = await TargetProcess.start({ node: await nodeBinary(major), args: ['--require', folder.file('loader.js'), shop] });
      try {
        const { session, pid, node } = target.attachment;
        const { secret } = await LiveAgent.install(session, { agentPath, blockedMs: 60 });
        const watchdog = new RemoteWatchdog(session, secret);
        const compiled = new CompiledTexts(session, secret);
        const reader = new BlockedLoopReader((files) => compiled.of(files));
        const recorder = await ProcessRecorder.start({ threads: [{ name: 'main thread', session, secret }], process: { pid, node, label: 'shop' }, recorderPath: path.resolve('dist/recorder.js') });
        // A block that is met at all has its place.
        let told = (await reader.read(await watchdog.tell())).spots.find(({ at }) => at);
        while (!told) told = (await reader.read(await watchdog.tell())).spots.find(({ at }) => at);
        assert.deepEqual([told.at?.file, told.name, told.at?.line], [shop, 'stocktake', lineOf('blocks')]);
        while (!recorder.recording.blocks.some(({ at }) => at)) await recorder.poll();
        const block = recorder.recording.blocks.find(({ at }) => at);
        assert.deepEqual([block?.at?.file, block?.at?.line], [shop, lineOf('blocks')]);
        assert.ok(recorder.recording.sites.some(({ place }) => place?.file === shop && place.line === lineOf('waits')), JSON.stringify(recorder.recording.sites));
        await recorder.stop();
      } finally {
        await target.stop();
        folder.remove();
      }
    });
  }
});
