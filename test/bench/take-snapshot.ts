// Takes the heap snapshot of the process with the id that it is given, and does nothing with it.
import { bareSnapshot } from './bare-snapshot';

void bareSnapshot(Number(process.argv[2]));
