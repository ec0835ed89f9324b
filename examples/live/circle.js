// Services that are started once each, when somebody needs them. Two of them need each other: neither ever starts.
import { setTimeout as after } from 'node:timers/promises';

const needs = {
  shop: ['mail', 'payments'],
  mail: [],
  payments: ['accounts'],
  accounts: ['payments'],
};

const started = new Map();

function start(name) {
  if (!started.has(name)) started.set(name, begin(name));
  return started.get(name);
}

async function begin(name) {
  await after(50);
  for (const other of needs[name]) await start(other);
  console.log(`${name} has started`);
}

start('shop').catch((error) => console.error(error));
// The process goes on, as a server would.
setInterval(() => {}, 60_000);
