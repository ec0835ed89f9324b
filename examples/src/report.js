import { execSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** @import { Orders } from './orders.ts' */

const template = new URL('../data/report.txt', import.meta.url);

/** @param {Orders} orders */
export async function dailyReport(orders) {
  const text = readFileSync(template, 'utf8');
  const total = await orders.total();
  const revision = execSync('git rev-parse --short HEAD').toString().trim();
  return text.replace('{total}', total.toFixed(2)).replace('{revision}', revision);
}

/**
 * Tells each customer, and then says how many there were.
 * @param {Orders} orders
 * @param {(customer: string) => Promise<void>} notify
 */
export function notifyCustomers(orders, notify) {
  return new Promise(async (resolve) => {
    const all = await orders.all();
    all.forEach(async (order) => {
      await notify(order.customer);
    });
    resolve(await all.length);
  });
}
