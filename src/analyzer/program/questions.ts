import type { Pending, Wire } from './wire';

/** A question as an asking puts it. */
export interface Question {
  readonly method: string;
  readonly params: { readonly snapshot?: number; readonly project?: string; readonly location?: string } & Record<string, unknown>;
}

export interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

/** Questions about types, symbols and signatures, which have small answers and come up again and again. */
const remembered = new Set([
  'getApparentType',
  'getBaseConstraintOfType',
  'getBaseTypes',
  'getDeclaredTypeOfSymbol',
  'getNonMissingTypeOfSymbol',
  'getNonNullableType',
  'getParametersOfSignature',
  'getPropertyOfType',
  'getReturnTypeOfSignature',
  'getSignaturesOfType',
  'getSymbolOfType',
  'getTargetOfType',
  'getTypeArguments',
  'getTypeOfSymbol',
  'getTypesOfType',
  'isArrayType',
  'isTupleType',
]);

/** Answers are kept for this many snapshots: the current one, and one with texts that are tried out. */
const snapshotsKept = 2;

/** Answers that hold in a snapshot, by the question's text. */
export class Answers {
  private readonly bySnapshot = new Map<number, Map<string, Answer>>();

  of(snapshot: number): Map<string, Answer> {
    let answers = this.bySnapshot.get(snapshot);
    if (answers) return answers;
    this.bySnapshot.set(snapshot, (answers = new Map<string, Answer>()));
    // A map keeps its keys in the order they came in: the first is of the oldest snapshot.
    for (const old of this.bySnapshot.keys()) if (this.bySnapshot.size > snapshotsKept) this.bySnapshot.delete(old);
    return answers;
  }
}

interface BatchResponse {
  readonly responses: readonly Answer[];
  readonly continuationToken?: unknown;
}

/**
 * Questions that go out together, made fewer: equal ones are sent once, those about types and symbols once in a
 * snapshot, and all that ask for types at places as one. (On a real project this leaves half of 230,000 questions, and
 * most of the rest together in some hundred.)
 */
export class Batch {
  /** In the order of the questions. */
  readonly answers: Answer[];
  private readonly outgoing: string[] = [];
  /** What to do with the answer to each outgoing question. */
  private readonly receivers: ((answer: Answer) => void)[] = [];
  private readonly waiting = new Map<string, number[]>();
  private readonly places = new Map<string, Map<string, number[]>>();

  constructor(
    questions: readonly Question[],
    private readonly known: Answers,
  ) {
    this.answers = new Array<Answer>(questions.length);
    questions.forEach((question, index) => this.add(question, index));
    for (const [owner, places] of this.places) this.addPlaces(owner, places);
  }

  /** Whether all is known already. */
  get isAnswered(): boolean {
    return this.outgoing.length === 0;
  }

  send(wire: Wire): Pending {
    return wire.send('batchRequests', `{"requests":[${this.outgoing.join(',')}]}`);
  }

  /** Takes the response, which may come in pages. */
  take(pending: Pending, wire: Wire): void {
    let at = 0;
    for (let page = pending; ; ) {
      const { responses, continuationToken } = JSON.parse(page.read().toString('utf8')) as BatchResponse;
      for (const answer of responses) this.receivers[at++]?.(answer);
      if (!continuationToken) return;
      page = wire.send('batchRequests', JSON.stringify({ requests: [], continuationToken }));
    }
  }

  private add({ method, params }: Question, index: number): void {
    const { snapshot, project, location } = params;
    if (method === 'getTypeAtLocation' && typeof location === 'string') {
      append(this.placesOf(`{"snapshot":${JSON.stringify(snapshot)},"project":${JSON.stringify(project)}`), location, index);
      return;
    }
    if (remembered.has(method) && snapshot !== undefined) this.addRemembered(method, params, index, this.known.of(snapshot));
    else {
      this.outgoing.push(textOf(method, params));
      this.receivers.push((answer) => (this.answers[index] = answer));
    }
  }

  private addRemembered(method: string, params: Question['params'], index: number, known: Map<string, Answer>): void {
    const key = keyOf(method, params);
    const answer = known.get(key);
    if (answer) {
      this.answers[index] = answer;
      return;
    }
    if (append(this.waiting, key, index) > 1) return;
    this.outgoing.push(textOf(method, params));
    this.receivers.push((received) => {
      known.set(key, received);
      for (const one of this.waiting.get(key) ?? []) this.answers[one] = received;
    });
  }

  private addPlaces(owner: string, places: Map<string, number[]>): void {
    this.outgoing.push(`{"method":"getTypeAtLocations","params":${owner},"locations":${JSON.stringify([...places.keys()])}}}`);
    const indexes = [...places.values()];
    this.receivers.push(({ result, error }) => {
      for (const [at, asking] of indexes.entries()) {
        const answer: Answer = error === undefined ? { result: (result as unknown[])[at] } : { error };
        for (const index of asking) this.answers[index] = answer;
      }
    });
  }

  private placesOf(owner: string): Map<string, number[]> {
    let places = this.places.get(owner);
    if (!places) this.places.set(owner, (places = new Map<string, number[]>()));
    return places;
  }
}

/** Adds to the list of a key; returns its length. */
function append(lists: Map<string, number[]>, key: string, value: number): number {
  const list = lists.get(key);
  if (list) return list.push(value);
  lists.set(key, [value]);
  return 1;
}

function textOf(method: string, params: object): string {
  return `{"method":"${method}","params":${JSON.stringify(params)}}`;
}

/** What tells a question from others of its snapshot: for one about a type, which most are, its number says it. */
function keyOf(method: string, { snapshot: _snapshot, project, ...rest }: Question['params']): string {
  const { type, kind, name, ...others } = rest;
  const isShort = typeof type === 'number' && Object.keys(others).length === 0;
  return isShort ? `${method} ${project} ${type} ${String(kind)} ${String(name)}` : `${method} ${project} ${JSON.stringify(rest)}`;
}
