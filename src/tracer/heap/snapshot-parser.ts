import { EdgeType, HeapGraph, NodeType, Retainers, type GraphColumns } from './graph';
import { emptyColumns, readLayout, SnapshotError, type SnapshotLayout } from './snapshot-layout';
import { endOfPiece, unescapedJson } from './json-escapes';
import { grown, StringCollector } from './string-collector';

const QUOTE = 0x22, BACKSLASH = 0x5c, LETTER_N = 0x6e, COMMA = 0x2c, COLON = 0x3a, MINUS = 0x2d, NEWLINE = 0x0a;
const OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d, OPEN_ARRAY = 0x5b, CLOSE_ARRAY = 0x5d;
const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const MAX_HEADER_BYTES = 1 << 20;
const MAX_KEY_BYTES = 64;

/** What the parser is inside of. */
const enum At { start, beforeKey, key, beforeColon, beforeValue, header, numbers, strings, skipped, afterValue, end }

/**
 * Reads V8's heap snapshot JSON, in pieces of any size as they arrive, straight into the columns of a HeapGraph.
 * `push` and `finish` throw a SnapshotError where the bytes cannot be a snapshot.
 */
export class SnapshotParser {
  #at = At.start;
  #key = '';
  /** Text of the key or header that is being read. */
  #text: number[] = [];
  #depth = 0;
  #inString = false;
  #escaped = false;

  #layout: SnapshotLayout | undefined;
  #columns: GraphColumns | undefined;
  #seen = new Set<string>();

  // The record of numbers that is being read, for nodes, edges and locations.
  #record = new Float64Array(16);
  #field = 0;
  #fields = 0;
  #value = 0;
  #hasDigits = false;
  #negative = false;
  #records = 0;
  #edgeSum = 0;
  #locationList = new Uint32Array(4096);
  #locationLength = 0;
  #maxName = 0;

  readonly #strings = new StringCollector();

  /** Whether the bytes that are being read are those of a JSON string. */
  #isEscaped = false;
  #retainers: Retainers | undefined;

  /** `retainers`: build the edges backwards while they arrive. */
  constructor(private readonly options: { retainers?: boolean } = {}) {}

  /** `isEscaped`: the chunk is what stands between the quotes of a JSON string, with its escapes. */
  push(chunk: string | Uint8Array, isEscaped = false): void {
    const bytes: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let i = 0;
    while (i < bytes.length) {
      this.#isEscaped = isEscaped;
      if (this.#at === At.numbers) {
        i = this.#readNumbers(bytes, i);
      } else if (isEscaped) {
        // Numbers, which are most of a snapshot, are read as they come. What stands between their lists is short, and the strings are last.
        const end = this.#at === At.strings ? bytes.length : endOfPiece(bytes, i);
        this.push(unescapedJson(bytes.subarray(i, end)));
        i = end;
      } else if (this.#at === At.strings) {
        i = this.#strings.read(bytes, i);
        if (this.#strings.isComplete) this.#at = At.afterValue;
      } else if (this.#at === At.header || this.#at === At.skipped) {
        i = this.#readNested(bytes, i);
      } else {
        this.#readByte(bytes[i++]!);
      }
    }
  }

  /** The graph, once everything has been pushed. */
  finish(): HeapGraph {
    if (this.#at === At.start) throw new SnapshotError('is empty');
    if (this.#at !== At.end) throw new SnapshotError('is cut off: it ends before the snapshot does');
    const layout = this.#layout;
    const columns = this.#columns;
    if (!layout || !columns || !['nodes', 'edges', 'strings'].every((part) => this.#seen.has(part))) {
      throw new SnapshotError('is no V8 heap snapshot: it has no nodes, edges or strings');
    }
    if (this.#maxName >= this.#strings.count) throw damaged('a name refers to a string that is not there');
    columns.locations = this.#locationList.slice(0, this.#locationLength);
    return new HeapGraph(columns, this.#strings.table(), this.#retainers);
  }

  #readByte(byte: number): void {
    if (this.#at === At.key) {
      if (byte === QUOTE) {
        this.#key = String.fromCharCode(...this.#text);
        this.#at = At.beforeColon;
      } else {
        this.#text.push(byte);
        if (this.#text.length > MAX_KEY_BYTES) throw notASnapshot();
      }
      return;
    }
    if (isSpace(byte)) return;
    switch (this.#at) {
      case At.start:
        if (byte !== OPEN_OBJECT) throw notASnapshot();
        this.#at = At.beforeKey;
        return;
      case At.beforeKey:
        if (byte !== QUOTE) throw notASnapshot();
        this.#text = [];
        this.#at = At.key;
        return;
      case At.beforeColon:
        if (byte !== COLON) throw notASnapshot();
        this.#at = At.beforeValue;
        return;
      case At.beforeValue:
        this.#startValue(byte);
        return;
      case At.afterValue:
        if (byte === COMMA) this.#at = At.beforeKey;
        else if (byte === CLOSE_OBJECT) this.#at = At.end;
        else throw damaged(`unexpected text after "${this.#key}"`);
        return;
      default:
        throw damaged('text follows its end');
    }
  }

  #startValue(byte: number): void {
    const key = this.#key;
    if (this.#seen.has(key)) throw damaged(`"${key}" occurs twice`);
    this.#seen.add(key);
    if (key === 'snapshot') {
      if (byte !== OPEN_OBJECT) throw notASnapshot();
      this.#text = [byte];
      this.#depth = 1;
      this.#at = At.header;
      return;
    }
    if (!this.#layout) throw notASnapshot();
    if (key === 'nodes' || key === 'edges' || key === 'locations') {
      if (byte !== OPEN_ARRAY) throw damaged(`"${key}" is no list`);
      if (key === 'edges' && !this.#seen.has('nodes')) throw damaged('"edges" come before "nodes"');
      this.#records = this.#field = this.#value = 0;
      this.#hasDigits = this.#negative = false;
      this.#fields = key === 'nodes' ? this.#layout.nodeFields : key === 'edges' ? this.#layout.edgeFields : this.#layout.locationFields;
      this.#at = At.numbers;
    } else if (key === 'strings') {
      if (byte !== OPEN_ARRAY) throw damaged('"strings" is no list');
      this.#at = At.strings;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      this.#depth = 1;
      this.#at = At.skipped;
    } else {
      throw damaged(`"${key}" has an unexpected value`);
    }
  }

  /** The header, or a part that is not needed: up to the bracket that closes it. */
  #readNested(bytes: Uint8Array, from: number): number {
    const keep = this.#at === At.header;
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (keep) {
        this.#text.push(byte);
        if (this.#text.length > MAX_HEADER_BYTES) throw notASnapshot();
      }
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) {
        this.#inString = true;
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        this.#depth++;
      } else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --this.#depth === 0) {
        if (keep) this.#readHeader(Buffer.from(this.#text).toString('utf8'));
        this.#text = [];
        this.#at = At.afterValue;
        return i + 1;
      }
    }
    return bytes.length;
  }

  #readHeader(text: string): void {
    this.#layout = readLayout(text);
    this.#columns = emptyColumns(this.#layout);
  }

  #readNumbers(bytes: Uint8Array, from: number): number {
    const isEdges = this.#key === 'edges';
    let i = from;
    while (i < bytes.length && this.#at === At.numbers) {
      if (this.#field === 0 && !this.#hasDigits) i = this.#fields === 3 && isEdges ? this.#readEdges(bytes, i) : this.#readRecords(bytes, i);
      if (i < bytes.length) i = this.#readNumber(bytes, i);
    }
    if (isEdges && this.options.retainers) (this.#retainers ??= new Retainers(this.#columns!)).extend(this.#records);
    return i;
  }

  /** The same for edges in the order that V8 has always written them in: type, name, target. They are most of a snapshot. */
  #readEdges(bytes: Uint8Array, from: number): number {
    const { edge, edges, edgeTypes, nodeFields, nodes } = this.#layout!;
    if (edge.type !== 0 || edge.name !== 1 || edge.to !== 2) return this.#readRecords(bytes, from);
    const { edgeType, edgeName, edgeTo } = this.#columns!;
    const perField = 1 / nodeFields;
    const last = bytes.length - 32;
    let maxName = this.#maxName;
    let n = this.#records;
    let i = from;
    while (i < last && n < edges) {
      let at = i;
      let type = 0;
      let byte = bytes[at]!;
      while (byte >= 0x30 && byte <= 0x39) {
        type = (type * 10 + byte - 0x30) | 0;
        byte = bytes[++at]!;
      }
      const nameAt = at + 1;
      if (byte !== COMMA || at === i || at - i > 9) break;
      at = nameAt;
      let name = 0;
      byte = bytes[at]!;
      while (byte >= 0x30 && byte <= 0x39) {
        name = (name * 10 + byte - 0x30) | 0;
        byte = bytes[++at]!;
      }
      const toAt = at + 1;
      if (byte !== COMMA || at === nameAt || at - nameAt > 9) break;
      at = toAt;
      let to = 0;
      byte = bytes[at]!;
      while (byte >= 0x30 && byte <= 0x39) {
        to = (to * 10 + byte - 0x30) | 0;
        byte = bytes[++at]!;
      }
      if (at === toAt || at - toAt > 9) break;
      if (byte === NEWLINE) byte = bytes[++at]!;
      else if (byte === BACKSLASH && this.#isEscaped && bytes[at + 1] === LETTER_N) byte = bytes[(at += 2)]!;
      if (byte !== COMMA) break;
      // A multiplication is quicker than a division, and the check finds it out where it is not exact.
      const node = (to * perField + 0.5) | 0;
      if (node * nodeFields !== to || node >= nodes) throw damaged('an edge leads to a node that is not there');
      const ownType = edgeTypes[type] ?? EdgeType.unknown;
      if (name > maxName && ownType !== EdgeType.element && ownType !== EdgeType.hidden) maxName = name;
      edgeType[n] = ownType;
      edgeName[n] = name;
      edgeTo[n] = node;
      n++;
      i = at + 1;
    }
    this.#maxName = maxName;
    this.#records = n;
    return i;
  }

  /**
   * Whole records of numbers of at most nine digits as V8 writes them, quickly; stops before anything else, which is
   * read number by number: the ends of chunks and of the list, other white space.
   */
  #readRecords(bytes: Uint8Array, from: number): number {
    const record = this.#record;
    const fields = this.#fields;
    const isNodes = this.#key === 'nodes';
    const isEdges = this.#key === 'edges';
    // Ten bytes for each number, and the line end.
    const last = bytes.length - fields * 10 - 3;
    let i = from;
    while (i < last) {
      let at = i;
      for (let field = 0; field < fields; field++) {
        let byte = bytes[at]!;
        if (byte < 0x30 || byte > 0x39) return i;
        const start = at;
        let value = 0;
        do {
          value = (value * 10 + byte - 0x30) | 0;
          byte = bytes[++at]!;
        } while (byte >= 0x30 && byte <= 0x39);
        if (at - start > 9) return i;
        record[field] = value;
        if (byte !== COMMA) {
          if (field !== fields - 1) return i;
          if (byte === NEWLINE) at++;
          else if (byte === BACKSLASH && this.#isEscaped && bytes[at + 1] === LETTER_N) at += 2;
          if (bytes[at] !== COMMA) return i;
        }
        at++;
      }
      if (isEdges) this.#storeEdge(record);
      else if (isNodes) this.#storeNode(record);
      else this.#storeLocation(record);
      i = at;
    }
    return i;
  }

  /** Up to the end of one number, of the list or of the chunk. */
  #readNumber(bytes: Uint8Array, from: number): number {
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte >= 0x30 && byte <= 0x39) {
        this.#value = this.#value * 10 + (byte - 0x30);
        this.#hasDigits = true;
      } else if (byte === COMMA || byte === CLOSE_ARRAY) {
        this.#endNumber(byte === CLOSE_ARRAY);
        return i + 1;
      } else if (byte === MINUS && !this.#hasDigits) {
        this.#negative = true;
      } else if (byte === BACKSLASH && this.#isEscaped && bytes[i + 1] === LETTER_N) {
        i++;
      } else if (!isSpace(byte)) {
        throw damaged(`"${this.#key}" has something else than numbers`);
      }
    }
    return bytes.length;
  }

  #endNumber(isLast: boolean): void {
    if (this.#hasDigits) {
      this.#record[this.#field++] = this.#negative ? 0 : this.#value;
      if (this.#field === this.#fields) {
        if (this.#key === 'nodes') this.#storeNode(this.#record);
        else if (this.#key === 'edges') this.#storeEdge(this.#record);
        else this.#storeLocation(this.#record);
        this.#field = 0;
      }
      this.#value = 0;
      this.#hasDigits = this.#negative = false;
    } else if (!isLast || this.#field !== 0 || this.#records !== 0) {
      throw damaged(`"${this.#key}" lacks a number`);
    }
    if (!isLast) return;
    if (this.#field !== 0) throw damaged(`"${this.#key}" ends in the middle of a record`);
    this.#endNumbers();
  }

  #storeNode(record: Float64Array): void {
    const { node, nodes, nodeTypes } = this.#layout!;
    const columns = this.#columns!;
    const n = this.#records++;
    if (n >= nodes) throw damaged('it has more nodes than its header says');
    const name = record[node.name]!;
    if (name > this.#maxName) this.#maxName = name;
    columns.nodeType[n] = nodeTypes[record[node.type]!] ?? NodeType.unknown;
    columns.nodeName[n] = name;
    columns.nodeId[n] = record[node.id]!;
    columns.selfSize[n] = Math.min(record[node.selfSize]!, 0xffffffff);
    this.#edgeSum += record[node.edgeCount]!;
    columns.firstEdge[n + 1] = this.#edgeSum;
  }

  #storeEdge(record: Float64Array): void {
    const { edge, edges, edgeTypes, nodeFields, nodes } = this.#layout!;
    const columns = this.#columns!;
    const n = this.#records++;
    if (n >= edges) throw damaged('it has more edges than its header says');
    const type = edgeTypes[record[edge.type]!] ?? EdgeType.unknown;
    const name = record[edge.name]!;
    const to = record[edge.to]! / nodeFields;
    if (to >= nodes || to !== Math.floor(to)) throw damaged('an edge leads to a node that is not there');
    if (type !== EdgeType.element && type !== EdgeType.hidden && name > this.#maxName) this.#maxName = name;
    columns.edgeType[n] = type;
    columns.edgeName[n] = name;
    columns.edgeTo[n] = to;
  }

  #storeLocation(record: Float64Array): void {
    const { location, nodeFields, nodes } = this.#layout!;
    if (this.#locationLength + 4 > this.#locationList.length) this.#locationList = grown(this.#locationList, Uint32Array, this.#locationLength * 2);
    const node = record[location.node]! / nodeFields;
    if (node >= nodes || node !== Math.floor(node)) throw damaged('a location is of a node that is not there');
    const list = this.#locationList;
    this.#records++;
    list[this.#locationLength++] = node;
    list[this.#locationLength++] = record[location.script]!;
    list[this.#locationLength++] = record[location.line]!;
    list[this.#locationLength++] = record[location.column]!;
  }

  #endNumbers(): void {
    const { nodes, edges } = this.#layout!;
    if (this.#key === 'nodes' && (this.#records !== nodes || this.#edgeSum !== edges)) throw damaged('it has fewer nodes or edges than its header says');
    if (this.#key === 'edges' && this.#records !== edges) throw damaged('it has fewer edges than its header says');
    this.#at = At.afterValue;
  }
}

const notASnapshot = () => new SnapshotError('is no V8 heap snapshot');
const damaged = (what: string) => new SnapshotError(`is damaged: ${what}`);
