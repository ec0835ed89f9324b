import { readFile, writeFile } from 'node:fs/promises';
import { convert, exchangeRates } from './rates.ts';

export interface Order {
  id: string;
  customer: string;
  amount: number;
  currency: string;
}

export class Orders {
  private readonly file: string;
  private cache: Map<string, Order> | undefined;

  constructor(file: string) {
    this.file = file;
  }

  async all(): Promise<Order[]> {
    return [...(await this.load()).values()];
  }

  async find(id: string): Promise<Order | undefined> {
    try {
      return this.lookUp(id);
    } catch (error) {
      console.error(`order ${id} cannot be read:`, error);
      return undefined;
    }
  }

  /** Sum of all orders in euros. */
  async total(): Promise<number> {
    const pendingRates = exchangeRates();
    const orders = await this.all();
    const rates = await pendingRates;
    return orders.reduce((sum, order) => sum + convert(order.amount, order.currency, rates), 0);
  }

  async add(order: Order): Promise<void> {
    const orders = await this.load();
    orders.set(order.id, order);
    this.save();
  }

  async save(): Promise<void> {
    const orders = await this.load();
    await writeFile(this.file, JSON.stringify([...orders.values()], undefined, 2));
  }

  private async lookUp(id: string): Promise<Order | undefined> {
    return (await this.load()).get(id);
  }

  private async load(): Promise<Map<string, Order>> {
    if (!this.cache) {
      const orders = JSON.parse(await readFile(this.file, 'utf8')) as Order[];
      this.cache = new Map(orders.map((order) => [order.id, order]));
    }
    return this.cache;
  }
}
