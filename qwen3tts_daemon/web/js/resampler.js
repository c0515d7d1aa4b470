// From our rate to a device that insists on its own: a windowed sinc, fed piece by piece.

const TAPS = 16;
const PHASES = 256;

export class Resampler {
  #step;
  #table;
  #tail = new Float32Array(TAPS / 2 - 1);
  #at = 0;

  constructor(from, to) {
    this.#step = from / to;
    this.#table = kernel(Math.min(1, to / from));
  }

  /** Float samples in, as many as are ready out; `isLast` squeezes out the rest. */
  push(samples, isLast = false) {
    const after = isLast ? TAPS / 2 : 0;
    const input = new Float32Array(this.#tail.length + samples.length + after);
    input.set(this.#tail);
    input.set(samples, this.#tail.length);
    const output = [];
    let at = this.#at;
    for (; Math.floor(at) + TAPS <= input.length; at += this.#step) {
      const first = Math.floor(at);
      const row = Math.round((at - first) * PHASES) * TAPS;
      let sum = 0;
      for (let i = 0; i < TAPS; i++) sum += input[first + i] * this.#table[row + i];
      output.push(sum);
    }
    const used = Math.min(Math.floor(at), input.length);
    this.#tail = input.slice(used);
    this.#at = at - used;
    return Float32Array.from(output);
  }
}

function kernel(cutoff) {
  const table = new Float32Array((PHASES + 1) * TAPS);
  for (let phase = 0; phase <= PHASES; phase++) {
    let sum = 0;
    for (let i = 0; i < TAPS; i++) {
      const x = i - (TAPS / 2 - 1) - phase / PHASES;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / (TAPS / 2));
      const value = x === 0 ? cutoff : Math.sin(Math.PI * x * cutoff) / (Math.PI * x);
      table[phase * TAPS + i] = value * Math.max(0, window);
      sum += table[phase * TAPS + i];
    }
    for (let i = 0; i < TAPS; i++) table[phase * TAPS + i] /= sum;
  }
  return table;
}
