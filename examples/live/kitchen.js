// A kitchen at work: tasks that come and go, wait for each other, and now and then for long.
import { setTimeout as after } from 'node:timers/promises';

const dishes = ['soup', 'pasta', 'pizza', 'salad'];
/** Two cooks; who finds none free waits here. */
const waiting = [];
let freeCooks = 2;

async function cook(dish) {
  if (freeCooks > 0) freeCooks--;
  else await new Promise((resolve) => waiting.push(resolve));
  try {
    await after(300 + dish.length * 100);
    return dish;
  } finally {
    const next = waiting.shift();
    if (next) next();
    else freeCooks++;
  }
}

async function serve(table) {
  const meals = await Promise.all([cook(dishes[table % 4]), cook(dishes[(table + 1) % 4])]);
  await pay(table);
  return meals;
}

async function pay(table) {
  // Every tenth guest has lost the purse.
  await after(table % 10 === 0 ? 60_000 : 400);
}

async function seat(table) {
  try {
    const meals = await serve(table);
    console.log(`table ${table}: ${meals.join(' and ')}`);
  } catch (error) {
    console.error(`table ${table}:`, error);
  }
}

let tables = 0;
setInterval(() => void seat(++tables), 1000);
console.log('The kitchen is open. Stop the debugger to close it.');
