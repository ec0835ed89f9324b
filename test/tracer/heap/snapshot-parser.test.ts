import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { readSnapshotFile } from '../../../src/tracer/heap/snapshot-file';
import { EDGE_TYPES, NODE_TYPES, type HeapGraph } from '../../../src/tracer/heap/graph';
import { SnapshotParser } from '../../../src/tracer/heap/snapshot-parser';

/** The parts of a snapshot's JSON that the parser is compared with. */
interface SnapshotJson {
  snapshot: { meta: { node_fields: string[]; node_types: [string[]]; edge_fields: string[]; edge_types: [string[]] } };
  nodes: number[];
  edges: number[];
  locations: number[];
  strings: string[];
}

/** Of a process of its own: that of the tests may hold gigabytes when all of them run. */
async function smallSnapshot(): Promise<string> {
  const program = "require('node:v8').getHeapSnapshot().pipe(process.stdout)";
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { maxBuffer: 1 << 28 });
  return stdout;
}

function parse(text: string | Buffer, chunkSize = 1 << 16): HeapGraph {
  const parser = new SnapshotParser();
  for (let i = 0; i < text.length; i += chunkSize) parser.push(typeof text === 'string' ? text.slice(i, i + chunkSize) : text.subarray(i, i + chunkSize));
  return parser.finish();
}

/** The same, from what an inspector's messages have between the quotes of their JSON strings; `escape` may write characters otherwise. */
function parseMessages(text: string, chunkSize = 1 << 16, escape = (json: string) => json): HeapGraph {
  const parser = new SnapshotParser();
  for (let i = 0; i < text.length; i += chunkSize) parser.push(Buffer.from(escape(JSON.stringify(text.slice(i, i + chunkSize)).slice(1, -1))), true);
  return parser.finish();
}

/** A snapshot with two nodes and an edge, with odd white space, strings that need decoding and a part that is not known. */
const SMALL = `  {"snapshot" : {"meta":{"node_fields":["type","name","id","self_size","edge_count","detachedness"],"node_types":[["hidden","object","new sort"],"string","number","number","number","number"],
"edge_fields":["type","name_or_index","to_node"],"edge_types":[["context","property"],"string_or_number","node"],"location_fields":["object_index","script_id","line","column"]},"node_count":2,"edge_count":1},
"nodes":[1,1,1,16,1,0
,2,2,3,5000000000,0,0],
"extra":{"a":["]",{"b":"}\\""}]},
"edges":[ 1 , 3 , 6 ],
"locations":[0,7,12,4],
"strings":["<dummy>","caf\\u00e9 \\"x\\"","\\\\\\n","ünïcode"]}
`;

describe('snapshot parser', () => {
  it('reads the same nodes, edges, locations and strings as JSON.parse', async () => {
    const text = await smallSnapshot();
    const graph = parse(text);
    const json = JSON.parse(text) as SnapshotJson;
    const { meta } = json.snapshot;
    const fields = meta.node_fields.length;
    assert.equal(graph.nodeCount, json.nodes.length / fields);
    assert.equal(graph.edgeCount, json.edges.length / 3);
    assert.equal(graph.strings.count, json.strings.length);
    for (let i = 0; i < json.strings.length; i += 7) assert.equal(graph.strings.get(i), json.strings[i]);
    const at = (name: string) => meta.node_fields.indexOf(name);
    const { columns } = graph;
    let edges = 0;
    for (let node = 0; node < graph.nodeCount; node++) {
      const record = json.nodes.slice(node * fields, (node + 1) * fields);
      const type = meta.node_types[0][record[at('type')]!];
      if (
        NODE_TYPES[columns.nodeType[node]!] !== type ||
        columns.nodeName[node] !== record[at('name')] ||
        columns.nodeId[node] !== record[at('id')] ||
        columns.selfSize[node] !== record[at('self_size')] ||
        columns.firstEdge[node] !== edges
      ) {
        assert.fail(`node ${node} differs: ${record.join()}`);
      }
      edges += record[at('edge_count')]!;
    }
    for (let edge = 0; edge < graph.edgeCount; edge++) {
      const [type, name, to] = json.edges.slice(edge * 3, edge * 3 + 3);
      if (EDGE_TYPES[columns.edgeType[edge]!] !== meta.edge_types[0][type!] || columns.edgeName[edge] !== name || columns.edgeTo[edge] !== to! / fields) {
        assert.fail(`edge ${edge} differs: ${type},${name},${to}`);
      }
    }
    assert.deepEqual([...columns.locations], json.locations.map((value, i) => (i % 4 ? value : value / fields)));
  });

  it('reads chunks of any size, strings and bytes', () => {
    for (const text of [SMALL, Buffer.from(SMALL)]) {
      for (let size = 1; size <= SMALL.length; size = size < 8 ? size + 1 : size * 2) {
        const graph = parse(text, size);
        assert.equal(graph.nodeCount, 2);
        assert.equal(graph.name(0), 'café "x"');
        assert.equal(graph.name(1), '\\\n');
        assert.equal(NODE_TYPES[graph.type(1)], 'unknown');
        assert.equal(graph.columns.selfSize[1], 0xffffffff);
        assert.equal(graph.edgeName(0), 'ünïcode');
        assert.equal(graph.columns.edgeTo[0], 1);
        assert.deepEqual(graph.functionStart(0), { scriptId: 7, line: 12, column: 4 });
      }
    }
  });

  it('reads what stands in JSON strings, escapes and all', async () => {
    const escapeAll = (json: string) => json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    const small = SMALL.replace('ünïcode', 'ünï𝄞/\u0007\t');
    for (const escape of [escapeAll, (json: string) => json]) {
      // Not smaller: a character of two units is in one piece.
      for (const size of [small.length, 64]) {
        const graph = parseMessages(small, size, escape);
        assert.equal(graph.name(0), 'café "x"');
        assert.equal(graph.name(1), '\\\n');
        assert.equal(graph.edgeName(0), 'ünï𝄞/\u0007\t');
        assert.deepEqual(graph.functionStart(0), { scriptId: 7, line: 12, column: 4 });
      }
    }
    const text = await smallSnapshot();
    const { columns, strings } = parse(text);
    for (const size of [1 << 20, 1009]) {
      const graph = parseMessages(text, size);
      assert.deepEqual(graph.columns, columns);
      assert.deepEqual(graph.strings, strings);
    }
    for (const wrong of ['[ 1 \\n, 3', '[ 1 , \\t3']) assert.throws(() => parse(SMALL.replace('[ 1 , 3', wrong)), /something else than numbers/);
  });

  it('finds strings by name and by prefix', () => {
    const { strings } = parse(SMALL);
    assert.deepEqual([...strings.indexesOf(['<dummy>', 'café "x"', 'missing'])], [['<dummy>', 0], ['café "x"', -1], ['missing', -1]]);
    assert.deepEqual([...strings.indexesWithPrefix(['<dum', 'x'])], [[0, '<dum']]);
  });

  const bad: [what: string, text: string | Buffer, message: RegExp][] = [
    ['nothing', '', /^is empty$/],
    ['white space', ' \n', /^is empty$/],
    ['other JSON', '{"name":"app","version":"1.0.0"}', /^is no V8 heap snapshot/],
    ['a list', '[1,2,3]', /^is no V8 heap snapshot/],
    ['a cpu profile', '{"nodes":[{"id":1}],"samples":[1]}', /^is no V8 heap snapshot/],
    ['random bytes', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919 + 13) % 256)), /^is no V8 heap snapshot/],
    ['a string that never ends', `{"${'x'.repeat(100_000)}`, /^is no V8 heap snapshot/],
    ['a snapshot of another kind', SMALL.replace('"self_size"', '"size"'), /^is of a kind that is not known: its records have no "self_size"$/],
    ['edges to nowhere', SMALL.replace('3 , 6', '3 , 12'), /^is damaged: an edge leads to a node that is not there$/],
    ['edges to half a node', SMALL.replace('3 , 6', '3 , 5'), /^is damaged: an edge leads to a node/],
    ['a name without string', SMALL.replace('3 , 6', '9 , 6'), /^is damaged: a name refers to a string/],
    ['too few nodes', SMALL.replace('"node_count":2', '"node_count":3'), /^is damaged: it has fewer nodes/],
    ['too many nodes', SMALL.replace('"node_count":2', '"node_count":1'), /^is damaged: it has more nodes|leads to a node/],
    ['words for numbers', SMALL.replace('[ 1 , 3', '[ 1 , three'), /^is damaged: "edges" has something else than numbers$/],
    ['no strings', SMALL.replace(/,\s*"strings".*\]/s, ''), /^is no V8 heap snapshot: it has no nodes, edges or strings$/],
    ['two snapshots', SMALL + SMALL, /^is damaged: text follows its end$/],
    ['more objects than memory', SMALL.replace('"node_count":2', '"node_count":4294967295').replace('"edge_count":1', '"edge_count":4294967295'), /^has too many objects/],
  ];
  for (const [what, text, message] of bad) {
    it(`says what is wrong with ${what}`, () => {
      assert.throws(() => parse(text), (error: Error) => error.name === 'SnapshotError' && message.test(error.message));
    });
  }

  it('says so wherever a snapshot is cut off', () => {
    for (let length = 3; length < SMALL.trimEnd().length; length++) {
      assert.throws(() => parse(SMALL.slice(0, length)), { name: 'SnapshotError', message: 'is cut off: it ends before the snapshot does' }, `${length}`);
    }
  });

  describe('files', () => {
    let folder: string;
    before(async () => (folder = await mkdtemp(path.join(tmpdir(), 'asyncscope-'))));
    after(() => rm(folder, { recursive: true }));

    it('names the file in one sentence', async () => {
      const cut = path.join(folder, 'cut.heapsnapshot');
      await writeFile(cut, SMALL.slice(0, 200));
      await assert.rejects(readSnapshotFile(cut), { message: `${cut} is cut off: it ends before the snapshot does.` });
      const missing = path.join(folder, 'missing.heapsnapshot');
      await assert.rejects(readSnapshotFile(missing), { message: `${missing} does not exist.` });
      await assert.rejects(readSnapshotFile(folder), { message: `${folder} is no file.` });
      const empty = path.join(folder, 'empty.heapsnapshot');
      await writeFile(empty, '');
      await assert.rejects(readSnapshotFile(empty), { message: `${empty} is empty.` });
    });

    it('reads a whole one without tasks', async () => {
      const whole = path.join(folder, 'whole.heapsnapshot');
      await writeFile(whole, SMALL);
      assert.deepEqual((await readSnapshotFile(whole)).tasks, []);
    });
  });
});
