// Blocks of the event loop, as warnings beside those about tasks.
import { blockedPlaceText, blockedSpotText } from './blocked-text';
import type { LiveCheck } from './warnings';

/** The worst places; the others stand in the list of blocks. */
const MOST_PLACES = 3;

export const blockedLoop: LiveCheck = {
  id: 'blocked-loop',
  summary: 'Code held up the event loop: nothing else of the process ran meanwhile.',
  rule: 'no-blocking-call',
  check({ blocked, tasks }) {
    const spots = (blocked?.spots ?? []).filter(({ at }) => at).slice(0, MOST_PLACES);
    return spots.map((spot) => {
      const pending = tasks.filter(({ id }) => id === spot.task?.id);
      return { text: `${blockedPlaceText(spot)}: ${blockedSpotText(spot)}.`, place: spot.at!, tasks: pending.map(({ id }) => id) };
    });
  },
};
