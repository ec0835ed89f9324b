// Builds the bundles to dist/ (and, with --tests, every test file and script to out/).
const esbuild = require('esbuild');
const fs = require('node:fs');
const path = require('node:path');

const args = new Set(process.argv.slice(2));
/** Folder of the bundles; `--outdir=DIR` instead of dist/. */
const outdir = process.argv.find((arg) => arg.startsWith('--outdir='))?.slice('--outdir='.length) ?? path.join(__dirname, 'dist');
const watch = args.has('--watch');
const production = args.has('--production');

/** @type {import('esbuild').BuildOptions} */
const shared = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // Some packages' CommonJS build requires its parts in a way that cannot be bundled.
  mainFields: ['module', 'main'],
  sourcemap: production ? false : 'linked',
  minify: production,
  logLevel: 'warning',
  // The compiler's API is an ES module that reads import.meta.url; the bundles are CommonJS.
  define: { 'import.meta.url': '__importMetaUrl' },
  banner: { js: "const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
};

/** Bundles by name: dist/NAME.js. Only those whose entry file exists are built. */
const entries = {
  cli: 'src/cli/start.ts',
  main: 'src/cli/main.ts',
  'code-commands': 'src/cli/code-commands.ts',
  server: 'src/server/main.ts',
  watchdog: 'src/server/watchdog.ts',
  'eslint-probe': 'src/server/eslint-probe.ts',
  extension: 'src/extension/extension.ts',
  'language-server': 'src/extension/language-server.ts',
  probes: 'src/extension/tasks/probes.ts',
  recordings: 'src/extension/timeline/recordings.ts',
  agent: 'src/agent/agent.ts',
  recorder: 'src/agent/recorder.ts',
  handles: 'src/agent/handles.ts',
  runtime: 'src/agent/runtime.ts',
  webview: 'src/webview/timeline.ts',
};

/** Big parts, by the bundle that needs them only sometimes: bundles of their own, required when first needed. */
const loadedLater = {
  cli: ['main'],
  main: ['code-commands'],
  extension: ['language-server', 'probes', 'recordings'],
};

/** What the agent says to others, or hears from them, and its enumerations: these names stay as they are. */
const spoken = ['blocked-loop', 'config', 'handle-protocol', 'install', 'protocol', 'recorder-protocol', 'runtime', 'slot', 'stack-reader'];

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Members that are named often, by no object of JavaScript's own, and by no client (the live agent's asks for the tracker's table). */
const shortToo = (
  'againMs answerMs answered asked begin busy canary capacity change check chunks collect clock correct current depth distrust elapsed expect finder flushing functions guess idleLookMs innermost learn listener lookMs looked mark newest numbers predictor reads ' +
  'referred references shown slots starvation suspend sweep ticks traits unmark unsure watched weak weaken words wrapped wrapper'
).split(' ');

const bundles = Object.entries(entries)
  .filter(([, file]) => fs.existsSync(path.join(__dirname, file)))
  .map(([name, file]) => ({
    ...shared,
    entryPoints: [path.join(__dirname, file)],
    outfile: path.join(outdir, `${name}.js`),
    // It runs inside other programs, where every byte and every require counts; a stack through it shows nobody anything.
    ...(['agent', 'recorder', 'handles'].includes(name) && { minify: true, sourcemap: false, banner: {}, ...shortNames(path.join(__dirname, 'src/agent')) }),
    ...(name === 'webview' && { platform: 'browser', format: 'iife', target: 'chrome122', banner: {} }),
    external: ['vscode'],
    plugins: [separateBundles(loadedLater[name] ?? [])],
    supported: { 'dynamic-import': !(name in loadedLater) },
  }));

/**
 * Short names for the members of the agent's classes, the same in all of its bundles. Without being asked, only names
 * with a capital in them: others may well be those of JavaScript's own objects.
 */
function shortNames(folder) {
  const texts = fs.readdirSync(folder).map((file) => ({ isSpoken: spoken.includes(path.parse(file).name), text: fs.readFileSync(path.join(folder, file), 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '') }));
  const kept = new Set(texts.filter(({ isSpoken }) => isSpoken).flatMap(({ text }) => text.match(/\w+/g)));
  const classes = texts.flatMap(({ text }) => text.match(/^(?:export )?class [^]*?^}/gm) ?? []);
  const members = classes.flatMap((text) => [...text.matchAll(/^(?: {2}|.*\bprivate )(?:private |readonly |static )*([a-z]+[A-Z]\w*)(?=[(:]| =)/gm)].map(([, name]) => name));
  const words = texts.flatMap(({ text }) => text.match(/\w+/g));
  const uses = new Map();
  for (const word of words) uses.set(word, (uses.get(word) ?? 0) + 1);
  // The shortest for those that are named most.
  const names = [...new Set([...members, ...shortToo])].filter((name) => !kept.has(name)).sort((a, b) => uses.get(b) - uses.get(a) || (a < b ? -1 : 1));
  return { mangleProps: new RegExp(`^(?:${names.join('|')})$`), mangleCache: Object.fromEntries(names.map((name, index) => [name, LETTERS[index % LETTERS.length] + '$'.repeat(index / LETTERS.length)])) };
}

/** What is imported when it is needed, from whichever folder, is the bundle of that name. */
function separateBundles(names) {
  return {
    name: 'separate-bundles',
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ kind, path: wanted }) =>
        kind === 'dynamic-import' && names.includes(path.basename(wanted)) ? { path: `./${path.basename(wanted)}`, external: true } : undefined,
      );
    },
  };
}

/** Test files stay separate modules; packages come from node_modules, except the compiler's API (an ES module). */
function testBundle() {
  const files = ['test', 'scripts'].flatMap((folder) =>
    fs
      .readdirSync(path.join(__dirname, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => [folder, ...file.split(path.sep)].join('/'))
      .filter((file) => file.endsWith('.ts') && !file.startsWith('test/fixtures/') && !file.endsWith('.d.ts')),
  );
  return {
    ...shared,
    sourcemap: 'inline',
    entryPoints: files.map((file) => path.join(__dirname, file)),
    outbase: __dirname,
    outdir: path.join(__dirname, 'out'),
    plugins: [externalPackages],
  };
}

/** @type {import('esbuild').Plugin} */
const externalPackages = {
  name: 'external-packages',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, (found) =>
      found.kind === 'entry-point' || found.path.startsWith('typescript7') || found.path.startsWith('#')
        ? undefined
        : { path: found.path, external: true },
    );
  },
};

async function main() {
  const all = args.has('--tests') ? [...bundles, testBundle()] : bundles;
  if (watch) {
    for (const options of all) await (await esbuild.context(options)).watch();
  } else {
    const built = await Promise.all(all.map((options) => esbuild.build({ ...options, metafile: production })));
    if (production) fs.writeFileSync(path.join(outdir, 'THIRD-PARTY-NOTICES.txt'), notices(built));
  }
}

/** The licences of the packages that the bundles are made of: whoever passes these on has to pass on those. */
function notices(built) {
  const inputs = built.flatMap(({ metafile }) => Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs)));
  const folders = new Set(inputs.flatMap((file) => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/) ?? []));
  const texts = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const files = fs.readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice|third.?party)/i.test(file));
    if (files.length === 0) throw new Error(`${name} comes without the text of its licence, ${license}.`);
    return [`${name} ${version} (${license})`, ...files.map((file) => fs.readFileSync(path.join(folder, file), 'utf8').trim())].join('\n\n');
  });
  return `Asyncscope contains these packages:\n\n${[...new Set(texts)].sort().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
