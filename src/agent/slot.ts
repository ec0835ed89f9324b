// What the table holds of a pending promise: eight words side by side, so that one look at memory brings all of them.

/** The words of a slot, from its number times SLOT_WORDS on. */
export enum Word {
  /** A number that no other promise of this thread had (it wraps after 4 billion); read it with `>>> 0`. */
  id = 0,
  site = 1,
  /** Milliseconds since the tracker started. */
  born = 2,
  /** The slot of the promise that it hangs on (`.then`), that it waits for (a call), or the number of members (a group). */
  parent = 3,
  parentId = 4,
  /** The site of the await for a waiting call; the slot of the group for a member. */
  extra = 5,
  /** Flag bits; above them, what tells promises apart that had the slot before. */
  flags = 6,
  /** How the object is held; see WatchedPromises. */
  hold = 7,
}

export const SLOT_WORDS = 8;
export const NO_SLOT = -1;

export enum Flag {
  used = 1,
  /** A call that is suspended at an await; `parent` is what it waits for. */
  waiting = 2,
  /** Some await waits for it. */
  awaited = 4,
  /** `.then` was called on it. */
  chained = 8,
  /** Its call is not known, only its await: it began before the agent did, or was not recognised. */
  orphan = 16,
  /** Its site is a forecast that was wrong before. */
  unsure = 32,
  /** nameTask gave it a name. */
  named = 64,
  /** It was resolved with another promise, `parent`. */
  follows = 128,
}

/** The generation of a slot begins above this many bits of its flags. */
export const FLAG_BITS = 12;
export const FLAG_MASK = (1 << FLAG_BITS) - 1;
/** Generations of a slot; a stamp is a small integer of V8's: 31 bits without the sign. */
export const GENERATION_MASK = (1 << 11) - 1;
