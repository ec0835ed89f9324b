// Colours are for a person at a terminal: NO_COLOR switches them off there, FORCE_COLOR on elsewhere.
import picocolors from 'picocolors';

const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0';

export const colors = picocolors.createColors(!NO_COLOR && (forced || (process.stdout.isTTY && TERM !== 'dumb')));
