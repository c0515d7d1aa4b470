// The player that every tab shares: what is heard now, and what can be done with it.

import { given } from "./api.js";
import { audible, h, icon, iconButton, option, reasonOf, say, unable } from "./dom.js";
import { figuresOf } from "./figures.js";
import { clock, language, onLanguage, t } from "./i18n.js";
import { menu } from "./menu.js";
import { nextText } from "./next-text.js";
import { NEW_SEED, NoticeLine, noticeOf } from "./notice.js";
import { askToPair } from "./pairing.js";
import { recall, remember } from "./settings.js";
import { shareClip, whyNotShared } from "./share.js";
import { showCode } from "./snippets.js";
import { waysToSave } from "./sound-files.js";
import { SAMPLE_RATE } from "./sound.js";
import { prettyName } from "./voices.js";
import { Waveform, expectedSeconds, seekable } from "./waveform.js";

const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];

export class Dock {
  #app;
  #utterance = null;
  #off = null;
  #first = null;
  #frame = null;

  constructor(app) {
    this.#app = app;
    this.playButton = audible(h("button.round", { type: "button", tLabel: "dock.play", onclick: () => this.toggle() }, icon("play")));
    this.stopButton = iconButton("stop", "dock.stop", () => app.stop());
    this.canvas = h("canvas.wave", { tLabel: "dock.seek" });
    this.waveform = new Waveform(this.canvas);
    this.time = h("span.time");
    this.title = h("strong", { dir: "auto" });
    this.caption = h("span.caption", { dir: "auto" });
    this.notice = new NoticeLine();
    this.speed = h("select.quiet", { tLabel: "dock.speed", tTitle: "dock.speed", onchange: () => this.#setSpeed(Number(this.speed.value)) });
    this.figures = h("dl.figures", { id: "figures" });
    this.formats = menu("download", "dock.download", () => waysToSave(app, this.#utterance));
    this.replayButton = audible(iconButton("replay", "dock.replay", () => this.replay()));
    this.shareButton = iconButton("share", "dock.share", () => shareClip(app, this.#utterance));
    this.more = iconButton("code", "dock.code", () => showCode(this.#utterance));
    this.unfolder = iconButton("unfold", "dock.unfold", () => this.#unfold(this.node.dataset.open !== "true"), { "aria-controls": "figures" });
    this.node = h("section.dock", { tLabel: "dock.name", hidden: true, id: "player", tabIndex: -1 },
      this.notice.node,
      h("div.dock-main", {},
        this.playButton,
        h("div.dock-words", {}, this.title, this.caption),
        this.canvas,
        this.time,
        h("div.dock-actions", {}, this.stopButton, this.replayButton, this.speed, this.formats, this.shareButton, this.more,
          ...[this.playButton, this.stopButton, this.replayButton, this.formats.opener, this.shareButton].map((each) => reasonOf(each, "unseen"))),
        h("div.dock-ends", {}, this.unfolder, iconButton("close", "dock.close", () => this.close())),
      ),
      this.figures,
    );
    this.#unfold(recall("unfolded", false));
    this.#slide = seekable(this.canvas, this.waveform, {
      position: () => app.player.position,
      seek: (sample) => this.#utterance && this.#seek(sample),
    });
    for (const event of ["change", "end"]) app.player.on(event, () => this.#draw());
    app.player.on("report", () => this.#drawHeard());
    app.player.on("first", (first) => this.#heard(first));
    app.player.on("change", () => app.emit("speaking"));
    app.player.on("end", () => {
      this.node.dataset.heard = Number(this.node.dataset.heard ?? 0) + 1;
      app.emit("speaking");
    });
    window.addEventListener("resize", () => this.#draw());
    for (const event of ["status", "state"]) app.on(event, () => this.#draw());
    onLanguage(() => {
      this.speed.replaceChildren(...SPEEDS.map((speed) => option(speed, `${speed.toLocaleString(language())}\u00a0×`)));
      this.speed.value = app.player.speed;
      this.#draw();
    });
    app.player.speed = recall("heard-speed", 1);
  }

  #slide;

  get utterance() {
    return this.#utterance;
  }

  get isBusy() {
    return (this.#utterance?.isRunning ?? false) || isBusy(this.#app.player);
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
    this.#drawHeard();
    this.#say();
  }

  /** How far it is heard, many times a second. */
  #drawHeard() {
    if (this.#utterance === null) return;
    const { player } = this.#app;
    const isPlaying = isBusy(player);
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
    const segment = this.#utterance.segmentAt(position);
    this.title.textContent = this.#utterance.title;
    this.caption.textContent = segment?.text.trim() ?? this.#waitingWords();
    this.#app.emit("heard", { utterance: this.#utterance, segment: isPlaying ? segment : null });
    this.#drawFigures();
    cancelAnimationFrame(this.#frame);
    if (isPlaying) this.#frame = requestAnimationFrame(() => this.#drawHeard());
  }

  /** What has become of it, and what can be done with it. */
  #say() {
    const { player } = this.#app;
    const { sound } = this.#utterance;
    const now = { isSilent: player.isSilent && player.sound === sound, isOffline: this.#app.client.state === "offline" };
    this.notice.show(noticeOf(this.#utterance, (id) => this.#voiceOf(id), now), (remedy) => this.#remedies[remedy]());
    unable(this.stopButton, this.isBusy ? "" : "why.idle");
    unable(this.playButton, sound.length || isBusy(player) ? "" : "why.no-sound");
    for (const each of [this.replayButton, this.formats.opener]) unable(each, sound.length ? "" : "why.no-sound");
    unable(this.shareButton, whyNotShared(this.#utterance));
  }

  #voiceOf(id) {
    const voice = this.#app.known(id);
    return voice && { name: prettyName(voice), languages: voice.languages ?? [] };
  }

  #remedies = {
    again: () => {
      const { error, options } = this.#utterance;
      const seed = error && !NEW_SEED.includes(error.code) ? options.sampling?.seed : undefined;
      this.#app.speakAgain(this.#utterance, { sampling: given({ ...options.sampling, seed }) });
    },
    other: () => {
      const { error, options, warnings } = this.#utterance;
      const { instead } = error ?? warnings.find((warning) => warning.instead);
      this.#app.voice = instead.voice;
      const title = this.#app.nameOf(instead.voice);
      this.#app.speakAgain({ ...this.#utterance, title }, { voice: instead.voice, language: options.language && instead.language });
    },
    pair: () => askToPair(this.#app),
    listen: () => this.#app.player.revive(),
  };

  #setSpeed(speed) {
    remember("heard-speed", speed);
    this.#app.player.speed = speed;
  }

  #waitingWords() {
    const { isRunning, position, text } = this.#utterance;
    const { status, statusAt } = this.#app;
    if (isRunning && position > 0) return t("dock.queue", { n: position });
    if (isRunning && status?.state === "loading") return t(...nextText(status, (performance.now() - statusAt) / 1000));
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
}

const isBusy = ({ state }) => state === "playing" || state === "waiting";
