// One thing that was said: its text and settings, its sound as it comes, and what it cost.

import { Emitter } from "./emitter.js";
import { SAMPLE_RATE, Sound } from "./sound.js";

export class Utterance extends Emitter {
  sound = new Sound();
  segments = [];
  warnings = [];
  metrics = null;
  requestId = "";
  error = null;
  reason = null;
  position = 0;
  askedAt = performance.now();
  context = null;
  at = Date.now();

  /** `options`: those of voice.v1 */
  constructor({ text = "", options = {}, title = "", isKept = true }) {
    super();
    this.text = text;
    this.options = options;
    this.title = title;
    this.isKept = isKept;
    /** Who speaks, as far as it is known. */
    this.voice = options.voice ?? "";
  }

  /** One of the history, or a sound that was not spoken. */
  static of({ samples, ...kept }) {
    const utterance = Object.assign(new Utterance(kept), kept);
    utterance.sound = Sound.of(samples);
    utterance.reason ??= "complete";
    return utterance;
  }

  get isRunning() {
    return this.reason === null;
  }

  follow(context) {
    this.context = context;
    const change = () => this.emit("change");
    context.on("started", ({ request_id: id, position, voice = this.voice }) => {
      Object.assign(this, { requestId: id, position, voice });
      change();
    });
    context.on("queued", ({ position, place = 0 }) => {
      this.position = position + place;
      change();
    });
    context.on("segment", (segment) => {
      this.voice = segment.voice ?? this.voice;
      this.segments.push({ start: segment.char_start, end: segment.char_end, sample: segment.sample, text: segment.text });
      change();
    });
    context.on("sound", ({ samples, isLast }) => {
      if (samples.length) this.sound.push(samples);
      if (isLast) this.sound.end();
    });
    context.on("warning", (warning) => this.warnings.push(warning));
    context.on("error", (error) => {
      this.error = error;
    });
    context.on("done", ({ reason, metrics }) => {
      this.reason = reason;
      this.metrics = { ...metrics, total_ms: performance.now() - this.askedAt };
      this.sound.end();
      change();
    });
    return this;
  }

  rename(title) {
    this.title = title;
    this.emit("change");
  }

  segmentAt(sample) {
    return this.segments.findLast((segment) => segment.sample <= sample) ?? null;
  }

  get seconds() {
    return this.sound.length / SAMPLE_RATE;
  }
}

/** Code points, as the daemon counts, to the units of JavaScript's strings. */
export function unitsOf(text, points) {
  let units = 0;
  for (const point of text) {
    if (points-- <= 0) break;
    units += point.length;
  }
  return units;
}
