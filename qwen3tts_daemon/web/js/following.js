// Keeps what is spoken in view of a box that scrolls, unless its reader has just scrolled it himself.

const OWN_WAY_MS = 4_000;
const SCROLLS = ["wheel", "touchmove", "pointerdown", "keydown"];

export class Follower {
  #box;
  #readerAt = -Infinity;

  constructor(box) {
    this.#box = box;
    for (const event of SCROLLS) box.addEventListener(event, () => { this.#readerAt = performance.now(); }, { passive: true });
  }

  /** `mark`: an element in the box, or in one that scrolls with it. */
  show(mark) {
    const box = this.#box;
    if (performance.now() - this.#readerAt < OWN_WAY_MS) return;
    const top = wantedTop({ top: mark.offsetTop, height: mark.offsetHeight }, { top: box.scrollTop, height: box.clientHeight });
    if (top === null) return;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    box.scrollTo({ top, behavior: isCalm ? "instant" : "smooth" });
  }
}

/** Where a view scrolls so that a mark is seen, a third from its top; null if it is seen whole. */
export function wantedTop(mark, view) {
  const isSeen = mark.top >= view.top && mark.top + Math.min(mark.height, view.height) <= view.top + view.height;
  return isSeen ? null : Math.max(0, mark.top - Math.max(0, Math.min(view.height / 3, view.height - mark.height)));
}
