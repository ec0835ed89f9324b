// A ticker that should tick ten times a second, and a report that holds up the event loop every two seconds.
import { pbkdf2Sync } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';

let ticks = 0;
setInterval(() => ticks++, 100);

function sign(text) {
  return pbkdf2Sync(text, 'salt', 400_000, 32, 'sha256').toString('hex');
}

async function report(number) {
  const before = ticks;
  await after(2000);
  const signature = sign(`report ${number}: ${ticks - before} ticks`);
  console.log(`report ${number}, ${ticks - before} ticks, signed ${signature.slice(0, 8)}`);
}

async function main() {
  for (let number = 1; ; number++) await report(number);
}

main().catch((error) => console.error(error));
