// A recording from a file or the microphone, seen, heard and trimmed.

import { button, h, icon, iconButton, say } from "./dom.js";
import { Emitter } from "./emitter.js";
import { number, onLanguage, t } from "./i18n.js";
import { LONGEST_S, Recorder, canRecord } from "./recorder.js";
import { Sound } from "./sound.js";
import { Waveform } from "./waveform.js";
import { decodeFile, toWav } from "./wav.js";

const TYPES = "audio/*,.wav,.mp3,.flac,.m4a,.ogg,.opus,.webm";
const MOST_BYTES = 20 * 1024 * 1024;
const SHORTEST_S = 3;
const GOOD_S = 15;

/** Events: change. `hasTrim`: only a part of it is wanted, of a good length. */
export class RecordingInput extends Emitter {
  #app;
  #hasTrim;
  #file = null;
  #sound = null;
  #recorder = null;

  constructor(app, { hasTrim = true } = {}) {
    super();
    this.#app = app;
    this.#hasTrim = hasTrim;
    this.input = h("input.unseen", { type: "file", accept: TYPES, tabIndex: -1, tLabel: "clone.choose", onchange: () => this.take(this.input.files[0]) });
    this.recordButton = button("mic", "clone.record", () => (this.#recorder ? this.#stop() : this.#record()));
    this.meter = h("meter", { min: 0, max: 1, low: 0.3, high: 0.92, optimum: 0.6, value: 0, tLabel: "clone.level", hidden: true });
    this.clock = h("p.hint", { role: "timer", hidden: true });
    this.drop = h("div.drop", {},
      icon("upload"), h("p", {}, h("strong", { t: "clone.drop" })), h("p.hint", { t: "clone.drop-about" }),
      h("div.actions", {}, button("upload", "clone.choose", () => this.input.click()), this.recordButton), this.input,
      this.meter, this.clock, !canRecord() && h("p.hint", { t: "clone.no-mic" }));
    this.recordButton.hidden = !canRecord();
    this.canvas = h("canvas.wave");
    this.waveform = new Waveform(this.canvas);
    const range = (key) => h("input", { type: "range", min: 0, max: 1, step: 0.001, tLabel: key, oninput: (event) => this.#trim(event.target) });
    this.from = range("clone.from");
    this.to = range("clone.to");
    this.name = h("strong");
    this.length = h("p.hint");
    this.shown = h("div.recorded", { hidden: true },
      h("div.recorded-head", {}, this.name, iconButton("play", "clone.listen", () => this.#listen()), iconButton("trash", "clone.remove", () => this.clear())),
      this.canvas,
      hasTrim && h("div.trim", {}, this.from, this.to),
      this.length);
    this.node = h("div.recording", {}, this.drop, this.shown);
    this.#acceptDrops();
    new ResizeObserver(() => this.#draw()).observe(this.canvas);
    onLanguage(() => this.#draw());
  }

  #acceptDrops() {
    const over = (isOver) => (event) => {
      event.preventDefault();
      this.drop.dataset.over = String(isOver);
      if (event.dataTransfer?.files.length) this.take(event.dataTransfer.files[0]);
    };
    this.node.addEventListener("dragover", over(true));
    this.node.addEventListener("dragleave", over(false));
    this.node.addEventListener("drop", over(false));
  }

  get isEmpty() {
    return this.#file === null;
  }

  get seconds() {
    return this.#sound === null ? null : (Number(this.to.value) - Number(this.from.value)) * this.#sound.seconds;
  }

  get #samples() {
    const { length, samples } = this.#sound;
    return samples.slice(Math.round(this.from.value * length), Math.round(this.to.value * length));
  }

  get blob() {
    if (this.#sound === null) return this.#file;
    return new File([toWav(this.#samples)], `${this.#file.name.replace(/\.\w+$/, "")}.wav`, { type: "audio/wav" });
  }

  async take(file) {
    this.input.value = "";
    if (!file) return;
    if (file.size > MOST_BYTES) return this.#app.fail({ code: "too_large" });
    try {
      this.#take(file, await decodeFile(file));
    } catch {
      this.#take(file, null);
    }
  }

  #take(file, samples) {
    this.#file = file;
    this.#sound = samples && samples.length ? Sound.of(samples) : null;
    this.from.value = 0;
    this.to.value = this.#sound && this.#hasTrim ? Math.min(1, GOOD_S / this.#sound.seconds) : 1;
    this.name.textContent = file.name;
    this.drop.hidden = true;
    this.shown.hidden = false;
    if (this.#sound) this.waveform.show(this.#sound);
    this.canvas.hidden = this.#sound === null;
    this.#draw();
    this.emit("change");
  }

  clear() {
    this.#file = this.#sound = null;
    this.drop.hidden = false;
    this.shown.hidden = true;
    this.emit("change");
  }

  #trim(moved) {
    const least = this.#sound ? Math.min(1, 0.5 / this.#sound.seconds) : 0;
    if (Number(this.to.value) - Number(this.from.value) < least) {
      if (moved === this.from) this.from.value = Number(this.to.value) - least;
      else this.to.value = Number(this.from.value) + least;
    }
    this.#draw();
    this.emit("change");
  }

  #draw() {
    if (this.shown.hidden) return;
    this.waveform.draw(0, { from: Number(this.from.value), to: Number(this.to.value) });
    const { seconds } = this;
    if (seconds === null) this.length.textContent = t("clone.as-is");
    else this.length.textContent = t(`clone.${lengthWord(seconds, this.#hasTrim)}`, { n: number(seconds, 1) });
  }

  #listen() {
    if (this.#sound) this.#app.play({ samples: this.#samples, title: this.name.textContent });
  }

  async #record() {
    this.#app.stop();
    const recorder = new Recorder();
    try {
      await recorder.start();
    } catch {
      return this.#app.tell("clone.mic-refused", {}, { isError: true });
    }
    this.#recorder = recorder;
    say(this.recordButton.querySelector("span"), "clone.record-stop");
    this.recordButton.classList.add("recording-now");
    this.meter.hidden = this.clock.hidden = false;
    const watch = () => {
      if (this.#recorder !== recorder) return;
      this.meter.value = recorder.level;
      this.clock.textContent = t("clone.recording", { n: number(recorder.seconds, 1) });
      if (recorder.seconds >= LONGEST_S) this.#stop();
      else requestAnimationFrame(watch);
    };
    return watch();
  }

  async #stop() {
    const recorder = this.#recorder;
    this.#recorder = null;
    say(this.recordButton.querySelector("span"), "clone.record");
    this.recordButton.classList.remove("recording-now");
    this.meter.hidden = this.clock.hidden = true;
    const samples = await recorder.stop();
    this.#take(new File([toWav(samples)], `${t("clone.mine")}.wav`, { type: "audio/wav" }), samples);
  }
}

function lengthWord(seconds, hasTrim) {
  if (!hasTrim) return "length";
  if (seconds < SHORTEST_S) return "length-short";
  return seconds <= GOOD_S + 0.05 ? "length-good" : "length-long";
}
