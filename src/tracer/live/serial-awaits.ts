// Two awaits, one after the other, of which the second need not have waited for the first.
import { readFileSync } from 'node:fs';
import { SourceText } from '../heap/source-text';
import { ageText, positionText } from '../task-text';
import { serialPair } from './serial-pair';
import type { SerialPlace } from './serial-waits';
import type { LiveCheck } from './warnings';

/** So many calls must have been seen at each of the two. */
const SEEN_FROM = 10;
/** The second call must have been made so long after the function began: what came before was waited for. Milliseconds. */
const LEAST_BEFORE = 5;

export const serialAwaits: LiveCheck = {
  id: 'serial-awaits',
  summary: 'A call is made only after another one was waited for, though it does not use what that gave.',
  check: ({ serial }) =>
    [...serial.places].flatMap((second) => {
      const before = [...second.began.values()].filter((ms) => ms >= LEAST_BEFORE).sort((a, b) => a - b);
      if (before.length < SEEN_FROM) return [];
      const pair = pairAt(second);
      const first = pair && serial.at(pair.at);
      if (!first || first.began.size < SEEN_FROM) return [];
      const usual = ageText(before[before.length >> 1]!);
      const text =
        `${second.name} calls ${pair.second} only after it has waited for ${pair.first} (usually ${usual}), and does not use what that gave: ` +
        `if neither needs what the other does, await Promise.all([…]) of both at ${positionText(second.at)} takes as long as the longer one.`;
      return [{ text, place: second.at, tasks: [] }];
    }),
};

interface PairAt {
  first: string;
  second: string;
  /** The first await, in the code that runs. */
  at: { file: string; line: number; column: number };
}

/** What a function's text says stays true as long as the program runs. */
const pairs = new WeakMap<SerialPlace, PairAt | 'none'>();

function pairAt(place: SerialPlace): PairAt | undefined {
  let known = pairs.get(place);
  if (known === undefined) pairs.set(place, (known = readPair(place) ?? 'none'));
  return known === 'none' ? undefined : known;
}

function readPair(place: SerialPlace): PairAt | undefined {
  const at = place.at.generated ?? place.at;
  const defined = place.defined.generated ?? place.defined;
  let text: string;
  try {
    text = readFileSync(at.file, 'utf8');
  } catch {
    return undefined; // not on this machine, or no file
  }
  const source = new SourceText(text);
  const [start, offset] = [source.offset(defined.line - 1, defined.column - 1), source.offset(at.line - 1, at.column - 1)];
  const pair = start === undefined || offset === undefined ? undefined : serialPair(text, start, offset);
  if (!pair) return undefined;
  const { line, column } = source.position(pair.firstAwait);
  return { first: pair.first, second: pair.second, at: { file: at.file, line: line + 1, column: column + 1 } };
}
