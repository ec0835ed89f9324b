// Colours are for a person at a terminal: NO_COLOR switches them off there, FORCE_COLOR on elsewhere.
import picocolors from 'picocolors';

const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0';

// An undefined argument would leave the choice to the library, which colours wherever CI is set.
const wanted = forced || (process.stdout.isTTY === true && TERM !== 'dumb');

export const colors = picocolors.createColors(wanted && !NO_COLOR);
