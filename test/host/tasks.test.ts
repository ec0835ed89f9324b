import path from 'node:path';
import { build } from 'esbuild';
import { reportSuite } from './report';

reportSuite('in VS Code, debugging', { workspace: 'test/fixtures/host/debugged', files: ['tasks', 'live-tasks', 'task-actions', 'waiting-hints'] });

/** As a compiler leaves it: other lines, and a map to those that were written. */
async function compile(folder: string): Promise<void> {
  await build({ entryPoints: [path.join(folder, 'src/app.ts')], outfile: path.join(folder, 'out/app.js'), format: 'cjs', target: 'node20', sourcemap: 'linked' });
}

reportSuite('in VS Code, debugging TypeScript', { workspace: 'test/fixtures/host/mapped', prepare: compile, files: ['mapped'], settings: { 'asyncscope.trace.enabled': true } });
