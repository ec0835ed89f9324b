/** Listens to events of the process, by their names; returns what ends that. As many listeners as before are left to the program until Node warns of too many. */
export function listenToProcess(listeners: Record<string, (argument: never) => void>): () => void {
  const each = (method: 'on' | 'removeListener', more: number): void => {
    const limit = process.getMaxListeners();
    if (limit > 0) process.setMaxListeners(Math.max(1, limit + more));
    for (const [event, listener] of Object.entries(listeners)) process[method](event, listener as () => void);
  };
  each('on', 1);
  return () => each('removeListener', -1);
}
