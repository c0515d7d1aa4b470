// A recording from a file or the microphone, seen, heard and trimmed; it may be there again after a reload.

import { Store } from "./database.js";
import { audible, button, h, icon, iconButton, say } from "./dom.js";
import { Emitter } from "./emitter.js";
import { inSeconds, number, onLanguage, t } from "./i18n.js";
import { LONGEST_RECORDING_S, Recorder, canRecord } from "./recorder.js";
import { GOOD_S, SHORTEST_S, lengthProblem } from "./reference.js";
import { recall, remember } from "./settings.js";
import { SAMPLE_RATE, Sound } from "./sound.js";
import { Waveform } from "./waveform.js";
import { decodeFile, toWav } from "./wav.js";

const TYPES = "audio/*,.wav,.mp3,.flac,.m4a,.ogg,.opus,.webm";
const MOST_BYTES = 20 * 1024 * 1024;
const STEP_S = 0.1;

/** Events: change. `hasTrim`: only a part of it is wanted, of a good length. `keptAs`: its id in the browser's database. */
export class RecordingInput extends Emitter {
  #app;
  #hasTrim;
  #keptAs;
  #store = new Store("recordings");
  #file = null;
  #sound = null;
  #recorder = null;

  constructor(app, { hasTrim = true, keptAs = "" } = {}) {
    super();
    this.#app = app;
    this.#hasTrim = hasTrim;
    this.#keptAs = keptAs;
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
    const range = (key) => h("input", { type: "range", min: 0, step: STEP_S, tLabel: key, oninput: (event) => this.#trim(event.target), onchange: () => this.#keepPart() });
    this.from = range("clone.from");
    this.to = range("clone.to");
    this.title = h("strong", { dir: "auto" });
    this.length = h("p.hint");
    this.shown = h("div.recorded", { hidden: true },
      h("div.recorded-head", {}, this.title, audible(iconButton("play", "clone.listen", () => this.#listen())), iconButton("trash", "clone.remove", () => this.#remove())),
      h("div.trim", {}, this.canvas, hasTrim && [this.from, this.to]),
      this.length);
    this.node = h("div.recording", {}, this.drop, this.shown);
    this.#acceptDrops();
    new ResizeObserver(() => this.#draw()).observe(this.canvas);
    onLanguage(() => this.#draw());
    if (keptAs) this.#restore();
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

  /** Of the part that is used; null if the browser cannot read the file. */
  get seconds() {
    return this.#sound === null ? null : this.#end - Number(this.from.value);
  }

  /** The last step of the handle may fall short of the end. */
  get #end() {
    const to = Number(this.to.value);
    return to > this.#sound.seconds - STEP_S ? this.#sound.seconds : to;
  }

  /** [words, values]: why no voice can be made of it, or null. */
  get problem() {
    if (this.isEmpty) return ["clone.recording-needed"];
    return this.seconds === null ? null : lengthProblem(this.seconds);
  }

  get name() {
    return this.#file?.name.replace(/\.\w+$/, "") ?? "";
  }

  get #samples() {
    const [from, to] = [Number(this.from.value), this.#end].map((seconds) => Math.round(seconds * SAMPLE_RATE));
    return this.#sound.samples.slice(from, to);
  }

  get blob() {
    if (this.#sound === null) return this.#file;
    return new File([toWav(this.#samples)], `${this.name}.wav`, { type: "audio/wav" });
  }

  async take(file) {
    this.input.value = "";
    if (!file) return;
    if (file.size > MOST_BYTES) return this.#app.fail({ code: "too_large" });
    await this.#take(file);
    this.#keep();
  }

  /** `part`: the seconds of it that are used. */
  async #take(file, part = null) {
    const samples = await decodeFile(file).catch(() => null);
    this.#file = file;
    this.#sound = samples?.length ? Sound.of(samples) : null;
    const seconds = this.#sound?.seconds ?? 0;
    this.from.max = this.to.max = seconds;
    [this.from.value, this.to.value] = part ?? [0, this.#hasTrim ? Math.min(seconds, GOOD_S) : seconds];
    this.title.textContent = file.name;
    this.drop.hidden = true;
    this.shown.hidden = false;
    if (this.#sound) this.waveform.show(this.#sound);
    this.canvas.parentElement.hidden = this.#sound === null;
    this.#draw();
    this.emit("change");
  }

  /** The visitor may take it back. */
  #remove() {
    const [file, part] = [this.#file, this.#part];
    this.clear();
    this.drop.querySelector("button").focus();
    const back = async () => {
      await this.#take(file, part);
      this.#keep();
    };
    this.#app.tell("clone.removed", { name: file.name }, { action: ["undo", back] });
  }

  clear() {
    this.#file = this.#sound = null;
    this.drop.hidden = false;
    this.shown.hidden = true;
    this.#keep();
    this.emit("change");
  }

  // -- over a reload --

  get #part() {
    return this.#sound && [Number(this.from.value), Number(this.to.value)];
  }

  #keep() {
    if (!this.#keptAs) return;
    this.#keepPart();
    const id = this.#keptAs;
    const saving = this.#file === null ? this.#store.delete(id) : this.#store.put({ id, file: this.#file });
    saving.catch((error) => console.info(`the recording is not kept: ${error.message}`)); // a full disk
  }

  /** Apart from the recording: at once, also if the page goes the moment after. */
  #keepPart() {
    if (this.#keptAs) remember(`${this.#keptAs}-part`, this.#part);
  }

  async #restore() {
    await this.#store.open();
    const found = await this.#store.get(this.#keptAs);
    if (found && this.isEmpty) await this.#take(found.file, recall(`${this.#keptAs}-part`, null));
  }

  // -- the part that is used --

  /** The other handle stays; between them is what a voice needs, or all that there is. */
  #trim(moved) {
    const least = Math.min(SHORTEST_S, this.#sound.seconds);
    const [from, to] = [Number(this.from.value), this.#end];
    if (to - from < least) {
      if (moved === this.from) this.from.value = Math.max(0, Math.floor((to - least) / STEP_S) * STEP_S);
      else this.to.value = Math.ceil((from + least) / STEP_S) * STEP_S;
    }
    this.#draw();
    this.emit("change");
  }

  #draw() {
    if (this.shown.hidden) return;
    const { seconds } = this;
    if (seconds !== null) {
      const { seconds: whole } = this.#sound;
      this.waveform.draw(0, { from: Number(this.from.value) / whole, to: this.#end / whole });
      for (const [handle, at] of [[this.from, Number(this.from.value)], [this.to, this.#end]]) handle.setAttribute("aria-valuetext", inSeconds(at));
    }
    if (seconds === null) this.length.textContent = t("clone.as-is");
    else this.length.textContent = t(`clone.${lengthWord(seconds, this.#hasTrim)}`, { n: number(seconds, 1) });
  }

  #listen() {
    if (this.#sound) this.#app.play({ samples: this.#samples, title: this.title.textContent });
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
      if (recorder.seconds >= LONGEST_RECORDING_S) this.#stop();
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
    await this.take(new File([toWav(await recorder.stop())], `${t("clone.mine")}.wav`, { type: "audio/wav" }));
  }
}

function lengthWord(seconds, hasTrim) {
  if (!hasTrim) return "length";
  if (seconds < SHORTEST_S) return "length-short";
  return seconds <= GOOD_S + 0.05 ? "length-good" : "length-long";
}
