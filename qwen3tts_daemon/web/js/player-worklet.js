// The audio thread: a ring of samples, played while told to. It tells what was played and when the ring ran dry.

const RING_SECONDS = 10;
const REPORT_SAMPLES = 1_024;

class Ring extends AudioWorkletProcessor {
  #ring = new Float32Array(Math.ceil(sampleRate * RING_SECONDS));
  #written = 0;
  #played = 0;
  #run = 0;
  #isPlaying = false;
  #isLast = false;
  #startedAt = null;
  #reportedAt = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#obey(data);
  }

  #obey({ push, isLast, play, clear }) {
    if (clear !== undefined) {
      this.#written = this.#played = 0;
      this.#isPlaying = this.#isLast = false;
      this.#run = clear;
      this.#startedAt = null;
    }
    if (push) this.#write(push);
    if (isLast) this.#isLast = true;
    if (play) this.#isPlaying = true;
  }

  #write(samples) {
    const at = this.#written % this.#ring.length;
    const first = Math.min(samples.length, this.#ring.length - at);
    this.#ring.set(samples.subarray(0, first), at);
    this.#ring.set(samples.subarray(first), 0);
    this.#written += samples.length;
  }

  process(_, [[out]]) {
    if (!this.#isPlaying) return true;
    const ready = Math.min(out.length, this.#written - this.#played);
    for (let i = 0; i < ready; i++) out[i] = this.#ring[(this.#played + i) % this.#ring.length];
    if (ready > 0) this.#startedAt ??= currentTime;
    this.#played += ready;
    if (ready < out.length) this.#isPlaying = false;
    if (ready < out.length || this.#played - this.#reportedAt >= REPORT_SAMPLES || this.#played < this.#reportedAt) {
      this.#reportedAt = this.#played;
      this.port.postMessage({
        run: this.#run, played: this.#played, buffered: this.#written - this.#played, startedAt: this.#startedAt,
        ranDry: ready < out.length && !this.#isLast, hasEnded: ready < out.length && this.#isLast,
      });
    }
    return true;
  }
}

registerProcessor("ring", Ring);
