// What an utterance cost, in words.

import { number } from "./i18n.js";

export function figuresOf(utterance, player) {
  const { metrics, heardMs, delayMs, position, isRunning } = utterance;
  const ms = (value) => (value === undefined ? "–" : value >= 10_000 ? `${number(value / 1000, 1)} s` : `${number(value)} ms`);
  return {
    first: ms(heardMs), own: ms(delayMs), ttfa: ms(metrics?.ttfa_ms), load: ms(metrics?.load_ms), wait: ms(metrics?.queue_ms),
    generation: ms(metrics?.gen_ms), total: ms(metrics?.total_ms), rtf: metrics?.rtf === undefined ? "–" : number(metrics.rtf, 2),
    length: `${number(utterance.seconds, 1)} s`, buffer: ms(player.sound === utterance.sound ? player.bufferedS * 1000 : 0),
    underruns: number(player.sound === utterance.sound ? player.underruns : 0), queue: isRunning && position > 0 ? String(position) : "–",
  };
}
