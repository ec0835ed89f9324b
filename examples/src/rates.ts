import { setTimeout as delay } from 'node:timers/promises';

export type Rates = ReadonlyMap<string, number>;

/** Euros for one unit of each currency; stands for a request to another service. */
export async function exchangeRates(): Promise<Rates> {
  await delay(50);
  return new Map([
    ['EUR', 1],
    ['USD', 0.92],
    ['GBP', 1.17],
  ]);
}

export function convert(amount: number, currency: string, rates: Rates): number {
  const rate = rates.get(currency);
  if (rate === undefined) throw new Error(`no exchange rate for ${currency}`);
  return amount * rate;
}
