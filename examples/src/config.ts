import { existsSync, readFileSync } from 'node:fs';

export interface Config {
  port: number;
  ordersFile: string;
}

const defaults: Config = { port: 8080, ordersFile: new URL('../data/orders.json', import.meta.url).pathname };

/** Called once, before the service listens: here a synchronous read is fine. */
export function loadConfig(file: string): Config {
  if (!existsSync(file)) return defaults;
  return { ...defaults, ...(JSON.parse(readFileSync(file, 'utf8')) as Partial<Config>) };
}
