// `npm run generate`: writes what comes from the rules into the manifest, the schemas and the documentation.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generatedFiles } from './generated';

for (const [file, content] of generatedFiles()) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}
