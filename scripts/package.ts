// `npm run package [-- FILE]`: builds the VSIX for this platform.
import { packageExtension, target } from './vsix';

packageExtension(process.argv[2] ?? `asyncscope-${target}.vsix`).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
