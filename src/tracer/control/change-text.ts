// What a change to a program will really do, before it is made. JavaScript has no cancel.
import { ageText, plural } from '../task-text';
import type { AbortChoice } from './aborts';
import type { TimerChoice } from './timers';

/** A question to the user, and the button that says yes. */
export interface ChangeText {
  question: string;
  detail: string;
  button: string;
}

export function abortText(task: string, { found, listeners, followers }: AbortChoice): ChangeText {
  const hear = [plural(listeners, 'listener'), ...(followers > 0 ? [`${plural(followers, 'signal')} made from it`] : [])].join(' and ');
  return {
    question: `${task}: abort ${found}?`,
    detail:
      `This calls abort() of the AbortController behind ${found}, in the running program. Everything that listens to its signal hears of it, not only this task: ${hear}. ` +
      `JavaScript cannot cancel a call: ${task} ends only if its code heeds the signal.`,
    button: 'Abort',
  };
}

export function fireText(task: string, timer: TimerChoice): ChangeText {
  return {
    question: `Let the ${timerName(timer)} that ${task} waits for run out now?`,
    detail: `Its callback is called in the running program as if the time were over; whatever else hangs on it goes on as well.${timer.repeats ? ' The interval goes on afterwards.' : ''}`,
    button: 'Fire',
  };
}

export function clearText(task: string, timer: TimerChoice): ChangeText {
  return {
    question: `Clear the ${timerName(timer)} that ${task} waits for?`,
    detail: `Its callback is never called in the running program. ${task} does not end by this: it goes on only if something else wakes it, and waits for ever if nothing does.`,
    button: 'Clear',
  };
}

export function evaluateText(task: string, expression: string): ChangeText {
  return {
    question: `Run ${expression} in the program?`,
    detail: `V8 stopped it before it had an effect: it changes something, or calls code that may. It would run now, among the variables of ${task}. Objects that it changes are the program's own; an assignment to a variable itself changes a copy.`,
    button: 'Run',
  };
}

/** `timer of 5.0 s`, `interval of 100 ms`. */
export function timerName({ ms, repeats }: TimerChoice): string {
  return `${repeats ? 'interval' : 'timer'} of ${ageText(ms)}`;
}
