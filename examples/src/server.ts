import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { register, verify } from './accounts.ts';
import { loadConfig } from './config.ts';
import { Orders } from './orders.ts';
import { dailyReport, notifyCustomers } from './report.js';

const config = loadConfig('order-service.json');
const orders = new Orders(config.ordersFile);
register('admin', 'correct horse battery staple');

const server = createServer((request, response) => {
  handle(request, response);
});

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/orders') {
    response.end(JSON.stringify(await orders.all()));
  } else if (url.pathname === '/report') {
    response.end(await dailyReport(orders));
  } else if (url.pathname === '/notify' && isAdmin(url)) {
    const count = await notifyCustomers(orders, sendMail);
    response.end(`${count} customers\n`);
  } else {
    const order = await orders.find(url.pathname.slice(1));
    response.statusCode = order ? 200 : 404;
    response.end(JSON.stringify(order ?? null));
  }
}

function isAdmin(url: URL): boolean {
  return verify('admin', url.searchParams.get('password') ?? '');
}

async function sendMail(customer: string): Promise<void> {
  console.log(`mail to ${customer}`);
}

process.on('SIGTERM', async () => {
  await orders.save();
  server.close();
});

server.listen(config.port, '127.0.0.1');
