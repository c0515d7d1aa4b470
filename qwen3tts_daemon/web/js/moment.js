// The same words in another take: both have the same text, and each its own pace.

/** Where each part of the text begins, and the end of the last; in samples. */
const marksOf = ({ segments, sound }) => [...segments.map(({ sample }) => sample), sound.length];

/** The sample of `to` that is at the same moment of the text as `sample` is in `from`. */
export function sameMoment(from, to, sample) {
  let [here, there] = [marksOf(from), marksOf(to)];
  if (here.length !== there.length) [here, there] = [[0, from.sound.length], [0, to.sound.length]];
  const at = Math.max(0, here.slice(0, -1).findLastIndex((mark) => mark <= sample));
  const share = (sample - here[at]) / Math.max(1, here[at + 1] - here[at]);
  const moment = there[at] + Math.max(0, Math.min(1, share)) * (there[at + 1] - there[at]);
  return Math.round(Math.max(0, Math.min(moment, to.sound.length)));
}
