// The player that every tab shares: what is heard now, and what can be done with it.

import { call } from "./api.js";
import { copyButton } from "./clipboard.js";
import { button, dialog, h, icon, iconButton, saveFile, say } from "./dom.js";
import { clock, number, onLanguage, t } from "./i18n.js";
import { menu } from "./menu.js";
import { recall, remember } from "./settings.js";
import { asCurl, asWebSocket, speechBody } from "./snippets.js";
import { SAMPLE_RATE } from "./sound.js";
import { Waveform, expectedSeconds, seekable } from "./waveform.js";
import { toWav } from "./wav.js";

const FORMATS = { MP3: "mp3", FLAC: "flac", Opus: "opus" };
const ENDINGS = { opus: "ogg" };

export class Dock {
  #app;
  #utterance = null;
  #off = null;
  #first = null;
  #frame = null;

  constructor(app) {
    this.#app = app;
    this.playButton = h("button.round", { type: "button", tLabel: "dock.play", onclick: () => this.toggle() }, icon("play"));
    this.stopButton = iconButton("stop", "dock.stop", () => app.stop());
    this.canvas = h("canvas.wave", { tLabel: "dock.seek" });
    this.waveform = new Waveform(this.canvas);
    this.time = h("span.time");
    this.title = h("strong", { dir: "auto" });
    this.caption = h("span.caption", { dir: "auto" });
    this.figures = h("dl.figures", { id: "figures" });
    this.formats = menu("download", "dock.download", () => this.#downloads());
    this.more = iconButton("code", "dock.code", () => this.#snippets());
    this.unfolder = iconButton("unfold", "dock.unfold", () => this.#unfold(this.node.dataset.open !== "true"), { "aria-controls": "figures" });
    this.node = h("section.dock", { tLabel: "dock.name", hidden: true, id: "player", tabIndex: -1 },
      h("div.dock-main", {},
        this.playButton,
        h("div.dock-words", {}, this.title, this.caption),
        this.canvas,
        this.time,
        h("div.dock-actions", {}, this.stopButton, iconButton("replay", "dock.replay", () => this.replay()), this.formats, this.more),
        h("div.dock-ends", {}, this.unfolder, iconButton("close", "dock.close", () => this.close())),
      ),
      this.figures,
    );
    this.#unfold(recall("unfolded", false));
    this.#slide = seekable(this.canvas, this.waveform, {
      position: () => app.player.position,
      seek: (sample) => this.#utterance && this.#seek(sample),
    });
    for (const event of ["change", "report", "end"]) app.player.on(event, () => this.#draw());
    app.player.on("first", (first) => this.#heard(first));
    app.player.on("change", () => app.emit("speaking"));
    app.player.on("end", () => {
      this.node.dataset.heard = Number(this.node.dataset.heard ?? 0) + 1;
      app.emit("speaking");
    });
    window.addEventListener("resize", () => this.#draw());
    onLanguage(() => this.#draw());
  }

  #slide;

  get utterance() {
    return this.#utterance;
  }

  get isBusy() {
    return (this.#utterance?.isRunning ?? false) || ["playing", "waiting"].includes(this.#app.player.state);
  }

  show(utterance, { isPlayed = true } = {}) {
    this.#off?.();
    this.#first = null;
    this.#utterance = utterance;
    this.#off = utterance.on("change", () => this.#changed());
    this.node.hidden = false;
    document.body.classList.add("has-dock");
    this.waveform.show(utterance.sound, expectedSeconds(utterance.text));
    if (isPlayed) this.#app.player.play(utterance.sound);
    this.#changed();
  }

  /** Away until something is spoken again. */
  close() {
    this.#app.stop();
    this.node.hidden = true;
    document.body.classList.remove("has-dock");
    document.getElementById("main").focus();
  }

  /** The figures; on a phone also the waveform and what can be done with the sound. */
  #unfold(isOpen) {
    remember("unfolded", isOpen);
    this.node.dataset.open = String(isOpen);
    this.unfolder.setAttribute("aria-expanded", String(isOpen));
    this.#draw();
  }

  toggle() {
    const { player } = this.#app;
    if (this.#utterance === null) return;
    if (player.state === "paused") player.resume();
    else if (player.state === "idle") player.play(this.#utterance.sound);
    else player.pause();
  }

  replay() {
    if (this.#utterance !== null) this.#app.player.play(this.#utterance.sound);
  }

  #seek(sample) {
    const { player } = this.#app;
    if (player.sound === this.#utterance.sound) player.seek(sample);
    else player.play(this.#utterance.sound, Math.min(sample, this.#utterance.sound.length));
    this.#draw();
  }

  #changed() {
    this.#app.emit("utterance", this.#utterance);
    this.#app.emit("speaking");
    this.#draw();
  }

  #heard({ delayMs, at }) {
    if (this.#utterance === null || this.#first !== null) return;
    this.#first = { heardMs: at - this.#utterance.askedAt, delayMs };
    Object.assign(this.#utterance, this.#first);
    this.#changed();
  }

  #draw() {
    if (this.#utterance === null) return;
    const { player } = this.#app;
    const isPlaying = player.state === "playing" || player.state === "waiting";
    const position = player.sound === this.#utterance.sound ? player.position : 0;
    this.waveform.draw(position);
    this.#slide();
    this.node.style.setProperty("--played", `${(100 * position) / this.waveform.total}%`);
    this.time.textContent = `${clock(position / SAMPLE_RATE)} / ${clock(this.#utterance.seconds)}`;
    if (this.playButton.dataset.playing !== String(isPlaying)) {
      this.playButton.dataset.playing = String(isPlaying);
      this.playButton.replaceChildren(icon(isPlaying ? "pause" : "play"));
      say(this.playButton, isPlaying ? "dock.pause" : "dock.play", "tLabel");
    }
    this.stopButton.disabled = !this.isBusy;
    const segment = this.#utterance.segmentAt(position);
    this.title.textContent = this.#utterance.title;
    this.caption.textContent = segment?.text.trim() ?? this.#waitingWords();
    this.#app.emit("heard", { utterance: this.#utterance, segment: isPlaying ? segment : null });
    this.#drawFigures();
    cancelAnimationFrame(this.#frame);
    if (isPlaying) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #waitingWords() {
    const { isRunning, position, text } = this.#utterance;
    if (isRunning && position > 0) return t("dock.queue", { n: position });
    return isRunning ? t("dock.waiting") : text;
  }

  #drawFigures() {
    const values = figuresOf(this.#utterance, this.#app.player);
    const shown = ["first", "rtf", "length", "buffer", "underruns", "queue"];
    if (this.figures.childElementCount !== shown.length) {
      this.figures.replaceChildren(...shown.map((key) => h("div", { data: { figure: key } }, h("dt", { t: `figure.${key}` }), h("dd"))));
    }
    for (const key of shown) {
      const cell = this.figures.querySelector(`[data-figure="${key}"] dd`);
      if (cell.textContent !== values[key]) cell.textContent = values[key];
    }
  }

  #downloads() {
    const entries = [["WAV", () => this.saveWav()]];
    const canAskAgain = this.#utterance?.text && this.#utterance.options.mode !== "design";
    for (const [name, format] of Object.entries(canAskAgain ? FORMATS : {})) entries.push([name, () => this.#saveAs(format)]);
    return entries;
  }

  saveWav(utterance = this.#utterance) {
    saveFile(toWav(utterance.sound.samples), `${fileName(utterance)}.wav`);
  }

  /** The daemon says it again with the same seed, and encodes. */
  async #saveAs(format) {
    const utterance = this.#utterance;
    this.#app.tell("dock.encoding");
    try {
      const answer = await call("v1/audio/speech", { json: speechBody(utterance, format) });
      saveFile(await answer.blob(), `${fileName(utterance)}.${ENDINGS[format] ?? format}`);
      this.#app.tell("dock.saved");
    } catch (error) {
      this.#app.fail(error);
    }
  }

  #snippets() {
    const utterance = this.#utterance;
    dialog("code.title", (close) => [
      ...[["curl", asCurl(utterance)], ["WebSocket", asWebSocket(utterance)]].map(([name, code]) =>
        h("div.snippet", {},
          h("div.snippet-head", {}, h("h3", { textContent: name }), copyButton(code)),
          h("pre", { tabIndex: 0, "aria-label": name, textContent: code }),
        )),
      h("p.actions", {}, button(null, "close", () => close())),
    ]);
  }
}

const fileName = ({ title, at }) =>
  `${title || "speech"}-${new Date(at).toISOString().slice(0, 19).replaceAll(":", "")}`.replace(/[^\p{L}\p{N}_.-]+/gu, "_");

export function figuresOf(utterance, player) {
  const { metrics, heardMs, delayMs, position, isRunning } = utterance;
  const ms = (value) => (value === undefined ? "–" : value >= 10_000 ? `${number(value / 1000, 1)} s` : `${number(value)} ms`);
  return {
    first: ms(heardMs), own: ms(delayMs), ttfa: ms(metrics?.ttfa_ms), load: ms(metrics?.load_ms), wait: ms(metrics?.queue_ms),
    generation: ms(metrics?.gen_ms), total: ms(metrics?.total_ms), rtf: metrics?.rtf === undefined ? "–" : number(metrics.rtf, 2),
    length: `${number(utterance.seconds, 1)} s`, buffer: ms(player.sound === utterance.sound ? player.bufferedS * 1000 : 0),
    underruns: number(player.sound === utterance.sound ? player.underruns : 0), queue: isRunning && position > 0 ? String(position) : "–",
  };
}
