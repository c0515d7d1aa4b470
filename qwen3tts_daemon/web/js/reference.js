// What a recording must be to become a voice.

import { number } from "./i18n.js";

export const SHORTEST_S = 3;
export const GOOD_S = 15;
export const LONGEST_S = 30;

/** [words, values] that say why it is no voice, or null. */
export function lengthProblem(seconds) {
  if (seconds < SHORTEST_S) return ["reference.short", { least: number(SHORTEST_S), n: number(seconds, 1) }];
  if (seconds > LONGEST_S) return ["reference.long", { most: number(LONGEST_S), n: number(seconds, 1) }];
  return null;
}
