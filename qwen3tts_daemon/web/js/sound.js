// Sound that may still grow: mono, 16 bits.

import { Emitter } from "./emitter.js";

export const SAMPLE_RATE = 24_000;
export const PEAK_SAMPLES = 240;

export class Sound extends Emitter {
  #data = new Int16Array(SAMPLE_RATE * 4);
  #peaks = new Uint16Array(400);
  length = 0;
  hasEnded = false;
  /** Live text: silence between sentences is nobody's fault. */
  isLive = false;

  static of(samples) {
    const sound = new Sound();
    sound.push(samples);
    sound.end();
    return sound;
  }

  get seconds() {
    return this.length / SAMPLE_RATE;
  }

  get samples() {
    return this.#data.subarray(0, this.length);
  }

  /** The loudest sample of each 10 ms. */
  get peaks() {
    return this.#peaks.subarray(0, Math.ceil(this.length / PEAK_SAMPLES));
  }

  read(from, count) {
    return this.#data.subarray(from, Math.min(from + count, this.length));
  }

  push(samples) {
    const end = this.length + samples.length;
    if (end > this.#data.length) this.#data = grown(this.#data, end);
    this.#data.set(samples, this.length);
    const peaks = Math.ceil(end / PEAK_SAMPLES);
    if (peaks > this.#peaks.length) this.#peaks = grown(this.#peaks, peaks);
    for (let i = this.length; i < end; i++) {
      const at = Math.floor(i / PEAK_SAMPLES);
      const loud = Math.abs(this.#data[i]);
      if (loud > this.#peaks[at]) this.#peaks[at] = loud;
    }
    this.length = end;
    this.emit("grow");
  }

  end() {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.emit("grow");
  }
}

function grown(array, least) {
  const larger = new array.constructor(Math.max(least, array.length * 2));
  larger.set(array);
  return larger;
}
