import { totalmem } from 'node:os';
import { EDGE_TYPES, EdgeType, NODE_TYPES, NodeType, type GraphColumns } from './graph';

/** The bytes are no heap snapshot, or not a whole one. The message is a clause that follows the name of the source. */
export class SnapshotError extends Error {
  override name = 'SnapshotError';
}

/** Where the fields of a snapshot's records are, from its header. */
export interface SnapshotLayout {
  nodes: number;
  edges: number;
  nodeFields: number;
  edgeFields: number;
  node: { type: number; name: number; id: number; selfSize: number; edgeCount: number };
  edge: { type: number; name: number; to: number };
  location: { node: number; script: number; line: number; column: number };
  locationFields: number;
  /** The snapshot's number of a type → ours. */
  nodeTypes: Uint8Array;
  edgeTypes: Uint8Array;
}

/** Reads the `snapshot` part of a heap snapshot's JSON. Throws a SnapshotError where it is none. */
export function readLayout(text: string): SnapshotLayout {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw new SnapshotError('is no V8 heap snapshot');
  }
  const { meta, node_count: nodes, edge_count: edges } = header as { meta?: Record<string, unknown>; node_count?: unknown; edge_count?: unknown };
  const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);
  const nodeFields = strings(meta?.['node_fields']);
  const edgeFields = strings(meta?.['edge_fields']);
  const locationFields = strings(meta?.['location_fields']);
  const field = (fields: string[], name: string): number => {
    const index = fields.indexOf(name);
    if (index < 0 || index >= 16) throw new SnapshotError(`is of a kind that is not known: its records have no "${name}"`);
    return index;
  };
  if (!isCount(nodes) || !isCount(edges) || nodeFields.length > 16 || edgeFields.length > 16 || locationFields.length > 16) throw new SnapshotError('is no V8 heap snapshot');
  const types = (value: unknown, names: readonly string[], unknown: number): Uint8Array => {
    const list = Array.isArray(value) && Array.isArray(value[0]) ? strings(value[0]) : [];
    return Uint8Array.from(list, (name) => (names.includes(name) ? names.indexOf(name) : unknown));
  };
  const hasLocations = locationFields.length > 0;
  return {
    nodes,
    edges,
    nodeFields: nodeFields.length,
    edgeFields: edgeFields.length,
    locationFields: locationFields.length,
    node: {
      type: field(nodeFields, 'type'),
      name: field(nodeFields, 'name'),
      id: field(nodeFields, 'id'),
      selfSize: field(nodeFields, 'self_size'),
      edgeCount: field(nodeFields, 'edge_count'),
    },
    edge: { type: field(edgeFields, 'type'), name: field(edgeFields, 'name_or_index'), to: field(edgeFields, 'to_node') },
    location: {
      node: hasLocations ? field(locationFields, 'object_index') : 0,
      script: hasLocations ? field(locationFields, 'script_id') : 0,
      line: hasLocations ? field(locationFields, 'line') : 0,
      column: hasLocations ? field(locationFields, 'column') : 0,
    },
    nodeTypes: types(meta?.['node_types'], NODE_TYPES, NodeType.unknown),
    edgeTypes: types(meta?.['edge_types'], EDGE_TYPES, EdgeType.unknown),
  };
}

/** Throws a SnapshotError where the objects that the header counts don't fit this machine's memory. */
export function emptyColumns({ nodes, edges }: SnapshotLayout): GraphColumns {
  try {
    // Asked before anything is taken: the system grants more than there is, and then refuses others, such as new processes.
    if (nodes * 17 + edges * 9 > totalmem()) throw new RangeError('more than the memory');
    return {
      nodeType: new Uint8Array(nodes),
      nodeName: new Uint32Array(nodes),
      nodeId: new Uint32Array(nodes),
      selfSize: new Uint32Array(nodes),
      firstEdge: new Uint32Array(nodes + 1),
      edgeType: new Uint8Array(edges),
      edgeName: new Uint32Array(edges),
      edgeTo: new Uint32Array(edges),
      locations: new Uint32Array(0),
    };
  } catch {
    throw new SnapshotError(`has too many objects for this machine's memory: ${nodes} with ${edges} references`);
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}
