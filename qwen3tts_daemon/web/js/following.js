// Keeps what is spoken in view of a box that scrolls, unless its reader has just scrolled it himself.

const OWN_WAY_MS = 4_000;
const SCROLLS = ["wheel", "touchmove", "pointerdown", "keydown"];
const KEYS = /^(Arrow|Page|Home|End)/;

export class Follower {
  #box;
  #readerAt = -Infinity;

  constructor(box) {
    this.#box = box;
    for (const name of SCROLLS) {
      box.addEventListener(name, ({ key = "End" }) => { if (KEYS.test(key)) this.#readerAt = performance.now(); }, { passive: true });
    }
  }

  /** `mark`: an element in the box, or in one that scrolls with it. */
  show(mark) {
    const box = this.#box;
    if (performance.now() - this.#readerAt < OWN_WAY_MS) return;
    const at = mark.getBoundingClientRect();
    const markTop = at.top - box.getBoundingClientRect().top + box.scrollTop;
    const top = wantedTop({ top: markTop, height: at.height }, { top: box.scrollTop, height: box.clientHeight });
    if (top === null) return;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    box.scrollTo({ top, behavior: isCalm ? "instant" : "smooth" });
  }
}

/** Where a view scrolls so that a mark is seen, in its upper third; null if it is seen whole. */
export function wantedTop(mark, view) {
  const room = Math.max(0, view.height - mark.height);
  if (mark.top >= view.top && mark.top <= view.top + room) return null;
  return Math.max(0, mark.top - Math.min(view.height / 3, room));
}
