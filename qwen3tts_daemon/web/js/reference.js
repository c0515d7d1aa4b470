// What a recording must be to become a voice.

import { number } from "./i18n.js";

export const SHORTEST_S = 3;
export const GOOD_S = 15;
const LONGEST_S = 30;

/** [words, values] that say why it is no voice, or null. */
export function lengthProblem(seconds) {
  const n = number(seconds, 1);
  if (seconds < SHORTEST_S) return ["reference.short", { least: SHORTEST_S, n }];
  return seconds > LONGEST_S ? ["reference.long", { most: LONGEST_S, n }] : null;
}
