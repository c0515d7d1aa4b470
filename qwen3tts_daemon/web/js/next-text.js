// What the next text would wait for, in a few words.

/** [key, values] of a pushed status that is `ageS` old. */
export function nextText({ state, ready_in_s: readyInS, stands_in: standsIn }, ageS = 0) {
  const isKnown = readyInS !== null;
  const left = state === "loading" ? Math.ceil(readyInS - ageS) : Math.max(1, Math.ceil(readyInS));
  if (standsIn) return isKnown && left > 0 ? ["next.meanwhile-in", { n: left }] : ["next.meanwhile"];
  if (state === "ready" || state === "failed" || !isKnown) return [`next.${state}`];
  return left > 0 ? [`next.${state}-in`, { n: left }] : ["next.soon"];
}
