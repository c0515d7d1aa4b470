// Two ways to the loudspeaker, with one interface: push(samples, isLast), play(), clear().
// Both report {played, buffered, startedAt, ranDry, hasEnded}, counted in samples of the device since clear().

const REPORT_MS = 40;
/** Or the first samples would be late. */
const AHEAD_S = 0.01;

/** The one that this page may have. */
export async function openOutput(context, report) {
  try {
    if (!context.audioWorklet) throw new Error("no AudioWorklet on plain http");
    return await WorkletOutput.open(context, report);
  } catch {
    return new ScheduledOutput(context, report);
  }
}

export class WorkletOutput {
  kind = "worklet";
  #node;
  #run = 0;

  static async open(context, report) {
    await context.audioWorklet.addModule(new URL("./player-worklet.js", import.meta.url));
    return new WorkletOutput(context, report);
  }

  constructor(context, report) {
    this.#node = new AudioWorkletNode(context, "ring", { numberOfInputs: 0, outputChannelCount: [1] });
    this.#node.connect(context.destination);
    this.#node.port.onmessage = ({ data }) => data.run === this.#run && report(data);
  }

  push(samples, isLast) {
    this.#node.port.postMessage({ push: samples, isLast }, [samples.buffer]);
  }

  play() {
    this.#node.port.postMessage({ play: true });
  }

  clear() {
    this.#node.port.postMessage({ clear: ++this.#run });
  }
}

export class ScheduledOutput {
  kind = "scheduled";
  #context;
  #report;
  #sources = new Set();
  #waiting = [];
  #isPlaying = false;
  #isLast = false;
  #pushed = 0;
  #scheduled = 0;
  #endsAt = 0;
  #startedAt = null;
  #timer = null;

  constructor(context, report) {
    this.#context = context;
    this.#report = report;
  }

  push(samples, isLast) {
    this.#isLast ||= isLast;
    this.#pushed += samples.length;
    if (samples.length) this.#waiting.push(samples);
    if (this.#isPlaying) this.#schedule();
  }

  play() {
    if (this.#isPlaying) return;
    this.#isPlaying = true;
    this.#endsAt = Math.max(this.#endsAt, this.#context.currentTime + AHEAD_S);
    this.#schedule();
    this.#timer ??= setInterval(() => this.#tell(), REPORT_MS);
    this.#tell();
  }

  clear() {
    clearInterval(this.#timer);
    this.#timer = null;
    for (const source of this.#sources) source.stop();
    this.#sources.clear();
    this.#waiting = [];
    this.#isPlaying = this.#isLast = false;
    this.#pushed = this.#scheduled = this.#endsAt = 0;
    this.#startedAt = null;
  }

  #schedule() {
    for (const samples of this.#waiting.splice(0)) {
      const buffer = this.#context.createBuffer(1, samples.length, this.#context.sampleRate);
      buffer.getChannelData(0).set(samples);
      const source = this.#context.createBufferSource();
      source.buffer = buffer;
      source.connect(this.#context.destination);
      source.start(this.#endsAt);
      this.#startedAt ??= this.#endsAt;
      this.#endsAt += samples.length / this.#context.sampleRate;
      this.#scheduled += samples.length;
      this.#sources.add(source);
      source.onended = () => this.#sources.delete(source);
    }
  }

  #tell() {
    if (!this.#isPlaying) return;
    const left = Math.max(0, Math.round((this.#endsAt - this.#context.currentTime) * this.#context.sampleRate));
    const isOut = left === 0 && this.#waiting.length === 0;
    if (isOut) this.#isPlaying = false;
    const played = Math.max(0, this.#scheduled - left);
    this.#report({
      played, buffered: this.#pushed - played, startedAt: this.#startedAt,
      ranDry: isOut && !this.#isLast, hasEnded: isOut && this.#isLast,
    });
  }
}
