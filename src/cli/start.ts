#!/usr/bin/env node
// Where Node can (22.8 and later), what it has compiled of the bundles is kept for the next start.
import module from 'node:module';

(module as typeof module & { enableCompileCache?: () => unknown }).enableCompileCache?.();
void import('./main');
