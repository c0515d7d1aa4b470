// Plays a Sound while it grows: when to begin, how much to keep ready, where the listener is.

import { Emitter } from "./emitter.js";
import { openOutput } from "./outputs.js";
import { Prebuffer } from "./prebuffer.js";
import { Resampler } from "./resampler.js";
import { SAMPLE_RATE } from "./sound.js";
import { Stretcher } from "./stretcher.js";

/** What the device holds at most; the rest stays in the Sound. */
const HELD_S = 4;
const BLOCK = 4_800;
const SLEEP_MS = 15_000;
/** A device that plays tells of it many times a second. */
const SILENT_MS = 2_000;

/** Events: `change` (state, isSilent), `report`, `first` (ms from the sound's arrival to the ear), `end`. */
export class Player extends Emitter {
  #context = null;
  #output = null;
  #opening = null;
  #sound = null;
  #off = null;
  #resampler = null;
  #cursor = 0;
  #base = 0;
  #pushed = 0;
  #report = { played: 0, buffered: 0 };
  #reportedAt = 0;
  #prebuffer = new Prebuffer();
  #sleep = null;
  #arrivedAt = null;
  #playedAt = 0;
  #hasSentLast = false;
  #stretcher = null;
  #speed = 1;
  #listening = null;
  /** idle, waiting (for sound), playing, paused */
  state = "idle";
  underruns = 0;
  kind = "";
  /** It plays, and nothing is heard: the browser waits for a gesture, or the device has gone. */
  isSilent = false;

  /** What was interrupted, as on iPhones, goes on with a gesture. */
  wake() {
    if (this.#context !== null && this.state !== "idle" && this.#context.state !== "running") this.#context.resume().catch(() => {});
  }

  /** In the handler of a gesture, where nothing was heard: from the beginning, on another device if this one is dead. */
  revive() {
    if (this.#context?.state === "running") {
      this.#context.close().catch(() => {});
      this.#context = null;
    }
    this.play(this.#sound);
  }

  /** In the handler of a click or a key, else browsers keep it silent. */
  unlock() {
    if (this.#context === null || this.#context.state === "closed") {
      if (navigator.audioSession) navigator.audioSession.type = "playback";
      this.#context = newContext();
      this.#output = null;
      this.#opening = this.#open();
    }
    clearTimeout(this.#sleep);
    if (this.#context.state !== "running") this.#context.resume().catch(() => {});
    return this.#opening;
  }

  /** While a button that will be heard is still held down: the device opens meanwhile, and sleeps again if nothing comes. */
  prepare() {
    this.unlock();
    if (this.state === "idle") this.#scheduleSleep();
  }

  async #open() {
    const context = this.#context;
    const report = (message) => context === this.#context && this.#hear(message);
    const output = await openOutput(context, report);
    if (context !== this.#context) return;
    this.#output = output;
    this.kind = output.kind;
    this.#fill();
  }

  get sound() {
    return this.#sound;
  }

  get position() {
    if (this.#sound === null) return 0;
    const since = this.state === "playing" ? ((performance.now() - this.#reportedAt) / 1000) * SAMPLE_RATE : 0;
    const played = (this.#report.played / this.#ratio) + Math.min(since, this.#report.buffered / this.#ratio, 4_800);
    return Math.min(this.#base + Math.round(played * this.#speed), this.#sound.length);
  }

  get speed() {
    return this.#speed;
  }

  /** How fast it is heard, at its own pitch: 1 as it was made. What plays goes on from where it is. */
  set speed(speed) {
    const at = this.position;
    this.#speed = speed;
    if (this.state === "playing" || this.state === "waiting") this.play(this.#sound, at);
  }

  get bufferedS() {
    return this.state !== "playing" && this.state !== "waiting" ? 0 : Math.max(0, (this.#sound.length - this.position) / SAMPLE_RATE);
  }

  get #ratio() {
    return (this.#context?.sampleRate ?? SAMPLE_RATE) / SAMPLE_RATE;
  }

  play(sound, from = 0) {
    this.unlock();
    this.#leave();
    if (sound !== this.#sound || from === 0) this.underruns = 0;
    this.#sound = sound;
    this.#off = sound.on("grow", () => this.#fill());
    this.#begin(from);
  }

  pause() {
    if (this.state !== "playing" && this.state !== "waiting") return;
    const at = this.position;
    this.#leave();
    this.#base = at;
    this.#set("paused");
  }

  resume() {
    if (this.state === "paused") this.play(this.#sound, this.#base);
  }

  seek(sample) {
    if (this.#sound === null) return;
    const to = Math.max(0, Math.min(sample, this.#sound.length));
    if (this.state === "paused") this.#base = to;
    else this.play(this.#sound, to);
    this.emit("report", this.#report);
  }

  stop() {
    this.#leave();
    this.#base = 0;
    this.#set("idle");
  }

  #leave() {
    this.#off?.();
    this.#off = null;
    this.#expectReport(false);
    this.#output?.clear();
    this.#report = { played: 0, buffered: 0 };
    this.#pushed = 0;
    this.#scheduleSleep();
  }

  #begin(from) {
    clearTimeout(this.#sleep);
    this.#base = this.#cursor = from;
    this.#stretcher = this.#speed === 1 ? null : new Stretcher(this.#speed, SAMPLE_RATE);
    this.#resampler = this.#ratio === 1 ? null : new Resampler(SAMPLE_RATE, this.#context.sampleRate);
    this.#prebuffer.reset();
    this.#arrivedAt = null;
    this.#hasSentLast = false;
    this.#set("waiting");
    this.#fill();
  }

  #fill() {
    const sound = this.#sound;
    if (sound === null || this.state === "paused" || this.state === "idle") return;
    if (sound.length > this.#base) this.#arrivedAt ??= performance.now();
    if (this.#output === null) return;
    while (!this.#hasSentLast && this.#pushed - this.#report.played < HELD_S * this.#context.sampleRate) {
      const block = sound.read(this.#cursor, BLOCK);
      this.#cursor += block.length;
      this.#hasSentLast = sound.hasEnded && this.#cursor === sound.length;
      if (block.length === 0 && !this.#hasSentLast) break;
      this.#push(block);
    }
    if (this.state === "waiting") {
      const bufferedS = (this.#pushed - this.#report.played) / this.#context.sampleRate;
      if (this.#prebuffer.isEnough(bufferedS, performance.now() / 1000, sound.hasEnded)) {
        this.#set("playing");
        this.#playedAt = performance.now();
        this.#output.play();
        this.#expectReport(true);
      }
    }
  }

  #push(block) {
    const whole = Float32Array.from(block, (value) => value / 32_768);
    const floats = this.#stretcher ? this.#stretcher.push(whole, this.#hasSentLast) : whole;
    const samples = this.#resampler ? this.#resampler.push(floats, this.#hasSentLast) : floats;
    this.#pushed += samples.length;
    this.#output.push(samples, this.#hasSentLast);
  }

  #hear(report) {
    if (this.state !== "playing") return;
    if (report.played > this.#report.played || report.hasEnded) this.#expectReport(!report.ranDry && !report.hasEnded);
    const isFirst = this.#report.played === 0 && report.played > 0;
    this.#report = report;
    this.#reportedAt = performance.now();
    if (isFirst) {
      const at = this.#heardAt(report.startedAt);
      this.emit("first", { delayMs: at - this.#arrivedAt, at });
    }
    if (report.hasEnded) return this.#finish();
    if (report.ranDry) {
      if (!this.#sound.isLive) {
        this.underruns += 1;
        this.#prebuffer.ranDry();
      }
      this.#prebuffer.reset();
      this.#set("waiting");
    }
    this.#fill();
    this.emit("report", report);
  }

  /** If none comes for a while that tells of more played, nothing is heard. */
  #expectReport(isExpected) {
    clearTimeout(this.#listening);
    if (isExpected) this.#listening = setTimeout(() => this.#setSilent(true), SILENT_MS);
    this.#setSilent(false);
  }

  #setSilent(isSilent) {
    if (isSilent === this.isSilent) return;
    this.isSilent = isSilent;
    this.emit("change", this.state);
  }

  /** Never before it was to be played: while a device wakes, its pair of times is one of before it slept. */
  #heardAt(startedAt) {
    const { contextTime, performanceTime } = this.#context.getOutputTimestamp?.() ?? {};
    if (performanceTime) return Math.max(this.#playedAt, performanceTime + (startedAt - contextTime) * 1000);
    const latency = this.#context.outputLatency || this.#context.baseLatency || 0;
    return performance.now() + (startedAt - this.#context.currentTime + latency) * 1000;
  }

  #finish() {
    this.#leave();
    this.#base = this.#sound.length;
    this.#set("idle");
    this.emit("end");
  }

  #scheduleSleep() {
    clearTimeout(this.#sleep);
    this.#sleep = setTimeout(() => this.#context?.suspend(), SLEEP_MS);
  }

  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.emit("change", state);
  }
}

function newContext() {
  const Context = window.AudioContext ?? window.webkitAudioContext;
  try {
    return new Context({ sampleRate: SAMPLE_RATE, latencyHint: "interactive" });
  } catch {
    return new Context(); // a device that insists on its own rate
  }
}
