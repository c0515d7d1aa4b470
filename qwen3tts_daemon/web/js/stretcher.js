// Speech faster or slower, at the same pitch (WSOLA): overlapping pieces of the sound are laid closer or farther apart,
// each where it fits the one before best.

const WINDOW_S = 0.03;
const SEARCH_S = 0.008;
/** The fit is judged by every second sample: a pitch is far below that. */
const SKIP = 2;

export class Stretcher {
  #half;
  #search;
  #slope;
  #speed;
  #input = new Float32Array(0);
  #dropped = 0;
  #next = 0;
  #tail = null;
  #expected = 0;

  constructor(speed, rate) {
    this.#speed = speed;
    this.#half = Math.round((WINDOW_S / 2) * rate);
    this.#search = Math.round(SEARCH_S * rate);
    this.#slope = Float32Array.from({ length: this.#half }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / this.#half));
  }

  /** The next samples in, as many as can be made of them out; with the last ones, all that is left. */
  push(samples, isLast = false) {
    const grown = new Float32Array(this.#input.length + samples.length);
    grown.set(this.#input);
    grown.set(samples, this.#input.length);
    this.#input = grown;
    const made = [];
    while (this.#end - this.#next >= 2 * this.#half + this.#search) made.push(this.#piece());
    if (isLast) made.push(this.#rest());
    this.#forget();
    return joined(made);
  }

  get #end() {
    return this.#dropped + this.#input.length;
  }

  /** Half a window: the end of the last piece fades into the beginning of the one that fits it best. */
  #piece() {
    const half = this.#half;
    const at = this.#tail === null ? Math.floor(this.#next) : this.#bestFit();
    const from = at - this.#dropped;
    const out = this.#input.slice(from, from + half);
    if (this.#tail !== null) for (let i = 0; i < half; i++) out[i] = this.#tail[i] + this.#slope[i] * (out[i] - this.#tail[i]);
    this.#expected = at + half;
    this.#tail = this.#input.slice(from + half, from + 2 * half);
    this.#next += half * this.#speed;
    return out;
  }

  /** What is nearest to how the sound went on behind the last piece. */
  #bestFit() {
    const wanted = Math.floor(this.#next);
    let best = wanted;
    let most = -Infinity;
    for (let at = Math.max(0, wanted - this.#search); at <= wanted + this.#search; at++) {
      const likeness = this.#likeness(at - this.#dropped);
      if (likeness > most) [best, most] = [at, likeness];
    }
    return best;
  }

  #likeness(from) {
    let product = 0;
    let power = 1e-9;
    for (let i = 0; i < this.#half; i += SKIP) {
      const sample = this.#input[from + i];
      product += sample * this.#tail[i];
      power += sample * sample;
    }
    return product / Math.sqrt(power);
  }

  /** What stands behind the last piece, at its own speed: less than a window. */
  #rest() {
    const from = this.#tail === null ? 0 : this.#expected;
    return this.#input.slice(Math.min(from, this.#end) - this.#dropped);
  }

  #forget() {
    const from = Math.max(0, Math.min(Math.floor(this.#next) - this.#search, this.#expected || Infinity) - this.#dropped);
    this.#input = this.#input.slice(from);
    this.#dropped += from;
  }
}

function joined(pieces) {
  const all = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
