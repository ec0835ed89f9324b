import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

interface Account {
  salt: Buffer;
  hash: Buffer;
}

const accounts = new Map<string, Account>();

function hashPassword(password: string, salt: Buffer): Buffer {
  return scryptSync(password, salt, 64);
}

export function register(name: string, password: string): void {
  const salt = randomBytes(16);
  accounts.set(name, { salt, hash: hashPassword(password, salt) });
}

export function verify(name: string, password: string): boolean {
  const account = accounts.get(name);
  return account !== undefined && timingSafeEqual(account.hash, hashPassword(password, account.salt));
}
