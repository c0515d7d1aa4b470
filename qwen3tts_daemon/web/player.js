// Plays PCM as it arrives, as a chain of scheduled buffers: an AudioWorklet needs https, and most homes have none.

const FIRST_BUFFER_S = 0.16;
const LONGEST_BUFFER_S = 0.6;

export class Player {
  /** Create it in the handler of a click or a key, else the browser keeps it silent. */
  constructor(sampleRate) {
    this.sampleRate = sampleRate;
    this.context = new AudioContext({ sampleRate });
    this.playing = new Set();
    this.bufferS = FIRST_BUFFER_S;
    this.endsAt = 0;
    this.startedAt = null;
    this.onSilence = () => {};
    this.context.resume();
  }

  /** When the first sound is heard, in milliseconds from now; null before there is any. */
  get msUntilSound() {
    return this.startedAt === null ? null : Math.max(0, (this.startedAt - this.context.currentTime) * 1000);
  }

  get isSilent() {
    return this.playing.size === 0;
  }

  /** `samples`: Int16Array, mono. */
  push(samples) {
    if (samples.length === 0) return;
    const buffer = this.context.createBuffer(1, samples.length, this.sampleRate);
    const channel = buffer.getChannelData(0);
    for (let i = 0; i < samples.length; i++) channel[i] = samples[i] / 32768;
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    source.start(this.#place(buffer.duration));
    this.playing.add(source);
    source.onended = () => {
      this.playing.delete(source);
      if (this.isSilent) this.onSilence();
    };
  }

  /** Where the next buffer belongs: at the end of the one before, or a little ahead if that has run out. */
  #place(duration) {
    const now = this.context.currentTime;
    if (this.endsAt < now) {
      if (this.startedAt !== null) this.bufferS = Math.min(this.bufferS * 1.5, LONGEST_BUFFER_S);
      this.endsAt = now + this.bufferS;
    }
    const start = this.endsAt;
    this.startedAt ??= start;
    this.endsAt += duration;
    return start;
  }

  stop() {
    for (const source of this.playing) {
      source.onended = null;
      source.stop();
    }
    this.playing.clear();
    this.context.close();
  }
}
