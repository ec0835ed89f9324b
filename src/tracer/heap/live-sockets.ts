import type { InspectorSession } from '../inspector/session';
import type { RemoteObject } from './preview';

const OBJECT_GROUP = 'asyncscope-sockets';
/** Asking for the id of each is a round trip; they are sent together. */
const MAX_HANDLES = 2000;

/**
 * Reads an address from each handle's native side, as `127.0.0.1:8080`; runs no getter and none of the program's own
 * code (Node prints a warning when `_handle` of a UDP socket is read). A connected socket gives its peer's, others their own.
 */
const READ_ADDRESSES = `function () {
  const format = (address) => address.address === undefined ? undefined : (address.address.includes(':') ? '[' + address.address + ']' : address.address) + ':' + address.port;
  const own = (object, key) => Object.getOwnPropertyDescriptor(object, key)?.value;
  // A server has it as a property, a TCP socket under a symbol, a UDP socket in a state object under one.
  const handleOf = (owner) => {
    const kept = Object.getOwnPropertySymbols(owner).filter((key) => key.description === 'kHandle' || key.description === 'state symbol').map((key) => own(owner, key)).filter(Boolean);
    return [own(owner, '_handle'), ...kept, ...kept.map((state) => own(state, 'handle'))].find((value) => typeof value?.getsockname === 'function');
  };
  return this.map((owner) => {
    try {
      const handle = handleOf(owner);
      for (const name of ['getpeername', 'getsockname']) {
        const address = {};
        if (typeof handle?.[name] === 'function' && handle[name](address) === 0) return format(address);
      }
    } catch {}
  });
}`;

/** The addresses of the sockets and servers that keep a live process's thread open, by their ids in its heap snapshots. */
export async function readSocketAddresses(session: InspectorSession): Promise<Map<number, string>> {
  const addresses = new Map<number, string>();
  try {
    const { result: handles } = await session.send<{ result: RemoteObject }>('Runtime.evaluate', {
      expression: `process._getActiveHandles().slice(0, ${MAX_HANDLES})`,
      objectGroup: OBJECT_GROUP,
      silent: true,
    });
    if (!handles.objectId) return addresses;
    const [{ result: found }, { result: elements }] = await Promise.all([
      session.send<{ result: RemoteObject }>('Runtime.callFunctionOn', { objectId: handles.objectId, functionDeclaration: READ_ADDRESSES, returnByValue: true, silent: true }),
      session.send<{ result: { name: string; value?: RemoteObject }[] }>('Runtime.getProperties', { objectId: handles.objectId, ownProperties: true }),
    ]);
    const texts = Array.isArray(found.value) ? (found.value as unknown[]) : [];
    await Promise.all(
      elements.map(async ({ name, value }) => {
        const text = texts[Number(name)];
        if (typeof text !== 'string' || !value?.objectId) return;
        const { heapSnapshotObjectId } = await session.send<{ heapSnapshotObjectId: string }>('HeapProfiler.getHeapObjectId', { objectId: value.objectId });
        addresses.set(Number(heapSnapshotObjectId), text);
      }),
    );
  } finally {
    await session.send('Runtime.releaseObjectGroup', { objectGroup: OBJECT_GROUP }).catch(() => undefined);
  }
  return addresses;
}
