// Real projects whose sources npm packages ship, installed once, for tests that compare or check on real code.
import { cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { glob } from 'tinyglobby';
import { npmPackages } from '../host/provision';

export interface RealProject {
  readonly name: string;
  /** Holds tsconfig.json. */
  readonly root: string;
  /** Absolute paths. */
  readonly files: readonly string[];
}

/** Change the name when anything here changes: it is what says whether the installed ones still hold. */
const folder = 'real-projects-1';
const packages = ['fastify@5.12.0', 'mongodb@7.9.0', 'viem@2.57.20', '@types/node@24.10.1', '@types/ws@8.18.1'];

const base = { strict: true, target: 'es2023', noEmit: true, skipLibCheck: true, types: ['node'] };

const layouts = [
  {
    // TypeScript; classes, cursors, sessions. All of it.
    name: 'mongodb',
    copied: ['src'],
    checked: ['src/**/*.ts'],
    compilerOptions: { ...base, module: 'node16', moduleResolution: 'node16', lib: ['es2023'], useUnknownInCatchVariables: false },
  },
  {
    // JavaScript, CommonJS. All of it.
    name: 'fastify',
    copied: ['lib', 'types', 'fastify.js', 'fastify.d.ts'],
    checked: ['lib/**/*.js', 'fastify.js'],
    compilerOptions: { ...base, module: 'nodenext', moduleResolution: 'nodenext', lib: ['es2023', 'dom'], allowJs: true },
  },
  {
    // TypeScript whose types are costly: the part that waits, watches and reconnects.
    name: 'viem',
    copied: ['.'],
    checked: ['utils/rpc/*.ts', 'actions/public/wa*.ts', 'clients/transports/*.ts'],
    compilerOptions: { ...base, module: 'esnext', moduleResolution: 'bundler', lib: ['es2023', 'dom'], allowImportingTsExtensions: true },
  },
] as const;

/** The projects, ready to be checked. */
export async function realProjects(): Promise<RealProject[]> {
  const installed = await npmPackages(folder, packages, (target) => layouts.forEach((layout) => layOut(target, layout)));
  return Promise.all(
    layouts.map(async ({ name, checked }) => {
      const root = path.join(installed, 'projects', name);
      return { name, root, files: (await glob([...checked], { cwd: root, absolute: true, ignore: ['**/*.d.ts'] })).sort() };
    }),
  );
}

function layOut(target: string, { name, copied, checked, compilerOptions }: (typeof layouts)[number]): void {
  const source = path.join(target, 'node_modules', name);
  const root = path.join(target, 'projects', name);
  for (const entry of copied) {
    // viem's builds are left out.
    cpSync(path.join(source, entry), path.join(root, entry), { recursive: true, filter: (file) => !/^_|^node_modules$/.test(path.basename(file)) || file === source });
  }
  writeFileSync(path.join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: checked }, null, 2));
}
