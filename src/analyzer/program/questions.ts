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

interface BatchResponse {
  readonly responses: readonly Answer[];
  readonly continuationToken?: unknown;
}

/**
 * Questions that go out together, made fewer: equal ones are sent once, and all that ask for types at places as one. (On
 * a real project a third of those for signatures are equal. What was answered before does not come up again: the API's
 * objects keep their answers.)
 */
export class Batch {
  /** In the order of the questions. */
  readonly answers: Answer[];
  private readonly outgoing: string[] = [];
  /** What to do with the answer to each outgoing question. */
  private readonly receivers: ((answer: Answer) => void)[] = [];
  /** The indexes of equal questions, by their text. */
  private readonly equal = new Map<string, number[]>();
  private readonly places = new Map<string, Map<string, number[]>>();

  constructor(questions: readonly Question[]) {
    this.answers = new Array<Answer>(questions.length);
    questions.forEach((question, index) => this.add(question, index));
    for (const [owner, places] of this.places) this.addPlaces(owner, places);
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
    const text = `{"method":"${method}","params":${JSON.stringify(params)}}`;
    if (append(this.equal, text, index) > 1) return;
    this.outgoing.push(text);
    this.receivers.push((answer) => {
      for (const one of this.equal.get(text) ?? []) this.answers[one] = answer;
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
