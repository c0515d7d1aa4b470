// Takes of described voices: made, heard, compared, kept. They are there again after a reload: what was asked for is
// remembered, the sound is in the history.

import { call, given } from "./api.js";
import { button, h, icon } from "./dom.js";
import { onLanguage, t } from "./i18n.js";
import { keepVoice } from "./library.js";
import { sameMoment } from "./moment.js";
import { lengthProblem } from "./reference.js";
import { recall, remember } from "./settings.js";
import { Utterance } from "./utterance.js";
import { Waveform, expectedSeconds } from "./waveform.js";

const MOST = 12;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Which of these takes the daemon still has; all, where it does not say. */
export async function stillHeld(ids) {
  if (ids.length === 0) return new Set();
  try {
    const query = new URLSearchParams(ids.map((id) => ["id", id]));
    return new Set((await (await call(`v1/audio/takes?${query}`)).json()).takes);
  } catch {
    return new Set(ids);
  }
}

/** Make a voice of a take that the daemon still has. */
export const keepTake = (app, { requestId, options }) =>
  keepVoice(app, (about) => ({ json: given({ ...about, take: requestId, language: options.language }) }));

/** One take, as it was asked for: `{ letter, text, options, requestId }`. Events of its utterance, if it has one. */
class Take {
  utterance = null;
  isHeld = true;
  isKept = false;

  constructor(order) {
    this.order = order;
  }

  get name() {
    return t("design.take", { name: this.order.letter });
  }

  get isReady() {
    return this.utterance !== null && !this.utterance.isRunning && this.utterance.sound.length > 0;
  }

  /** [words, values]: why it cannot be kept, or null. */
  get obstacle() {
    const { utterance } = this;
    if (utterance === null) return ["design.lost"];
    if (utterance.isRunning) return [utterance.position > 0 ? "dock.queue" : "design.making", { n: utterance.position }];
    if (utterance.reason === "limit") return ["design.cut"];
    if (utterance.reason !== "complete" || utterance.sound.length === 0) return ["design.failed"];
    return lengthProblem(utterance.seconds) ?? (this.isHeld ? null : ["design.forgotten"]);
  }

  /** Whether the same seed would help. */
  get canBeMadeAgain() {
    return this.utterance === null || (!this.utterance.isRunning && (!this.isHeld || !["complete", "limit"].includes(this.utterance.reason)));
  }
}

export class Takes {
  #app;
  #takes = [];
  #cards = new Map();
  #pair = [];

  constructor(app) {
    this.#app = app;
    this.list = h("ul.takes", { "aria-live": "polite" });
    this.compared = h("span");
    this.comparison = h("p.card.compare", { hidden: true },
      h("span.hint", { t: "design.compare-about" }), this.compared,
      h("button.primary", { type: "button", "aria-keyshortcuts": "X", onclick: () => this.#switch() }, icon("swap"), h("span", { t: "design.switch" }), h("kbd", { textContent: "X" })));
    this.node = h("div.stack", {}, h("h2.unseen", { t: "design.takes" }), this.comparison, this.list);
    document.addEventListener("keydown", (event) => this.#key(event));
    app.on("opened", () => this.#restore());
    app.on("voices", () => this.#ask());
    onLanguage(() => this.#drawAll());
  }

  /** As many as `seeds`, each another person; at the same time where there is room, else one after the other. */
  make(text, options, seeds) {
    const { rows = 1, active = 0 } = this.#app.status ?? {};
    const made = seeds.map((seed, i) => {
      const take = new Take({ letter: this.#nextLetter(), text, options: { ...options, sampling: { ...options.sampling, seed } } });
      this.#speak(take, i < rows - active ? "parallel" : "queue");
      return take;
    });
    this.#takes = [...made, ...this.#takes].slice(0, MOST);
    this.#pair = this.#pair.filter((take) => this.#takes.includes(take));
    this.#store();
    this.#drawAll();
    this.#app.dock.show(made[0].utterance);
    this.list.scrollIntoView({ block: "nearest" });
  }

  #nextLetter() {
    const letter = LETTERS[(LETTERS.indexOf(recall("take", LETTERS.at(-1))) + 1) % LETTERS.length];
    remember("take", letter);
    return letter;
  }

  #speak(take, policy) {
    const { text, options } = take.order;
    take.utterance = this.#app.speak({ text, title: take.name, isPlayed: false, policy, options });
    take.isHeld = true;
    take.isKept = false;
    this.#follow(take);
  }

  #follow(take) {
    const { utterance } = take;
    utterance.on("change", () => {
      if (utterance !== take.utterance) return;
      if (utterance.requestId && utterance.requestId !== take.order.requestId) {
        take.order.requestId = utterance.requestId;
        this.#store();
      }
      this.#cards.get(take)?.show();
      if (!utterance.isRunning) this.#ask();
    });
  }

  /** With the same seed: the same person. */
  #again(take) {
    this.#app.player.unlock();
    this.#speak(take, "queue");
    this.#drawAll();
    this.#app.dock.show(take.utterance);
  }

  // -- over a reload --

  #store() {
    remember("takes", this.#takes.map((take) => take.order));
  }

  async #restore() {
    const spoken = new Map((await this.#app.history.all()).map((entry) => [entry.requestId, entry]));
    this.#takes = recall("takes", []).map((order) => {
      const take = new Take(order);
      const entry = order.requestId && spoken.get(order.requestId);
      if (entry) take.utterance = Utterance.of({ ...entry, isKept: false });
      return take;
    });
    this.#drawAll();
    await this.#ask();
  }

  /** What the daemon has forgotten can be made again, and says so. */
  async #ask() {
    const asked = this.#takes.filter((take) => take.isReady);
    const held = await stillHeld(asked.map((take) => take.order.requestId));
    for (const take of asked) {
      const isHeld = held.has(take.order.requestId);
      if (isHeld === take.isHeld) continue;
      take.isHeld = isHeld;
      this.#cards.get(take)?.show();
    }
  }

  // -- two of them, at the same moment of the text --

  #choose(take) {
    this.#pair = this.#pair.includes(take) ? this.#pair.filter((each) => each !== take) : [...this.#pair, take].slice(-2);
    this.#drawAll();
  }

  #switch() {
    const { dock, player } = this.#app;
    const [first, second] = this.#pair;
    const [from, to] = dock.utterance === first.utterance ? [first, second] : [second, first];
    const at = dock.utterance === from.utterance && player.sound === from.utterance.sound ? sameMoment(from.utterance, to.utterance, player.position) : 0;
    dock.show(to.utterance, { isPlayed: false });
    player.play(to.utterance.sound, at < to.utterance.sound.length ? at : 0);
    this.#drawPair();
  }

  #key(event) {
    const isTyped = event.target.closest?.("input, textarea, select, dialog");
    if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey || isTyped || this.comparison.hidden || this.node.closest("[hidden]")) return;
    event.preventDefault();
    this.#switch();
  }

  // -- seen --

  #drawAll() {
    for (const take of this.#takes) if (!this.#cards.has(take)) this.#cards.set(take, this.#card(take));
    for (const take of [...this.#cards.keys()]) if (!this.#takes.includes(take)) this.#cards.delete(take);
    const nodes = this.#takes.map((take) => this.#cards.get(take).node);
    if (nodes.some((node, i) => node !== this.list.children[i]) || nodes.length !== this.list.children.length) this.list.replaceChildren(...nodes);
    for (const card of this.#cards.values()) card.show();
    this.#drawPair();
  }

  #drawPair() {
    this.comparison.hidden = this.#pair.length < 2;
    if (this.#pair.length < 2) return;
    const heard = this.#app.dock.utterance;
    this.compared.replaceChildren(...this.#pair.flatMap((take, i) => [i > 0 && " ⇄ ", h(take.utterance === heard ? "mark" : "span", { textContent: take.name })].filter(Boolean)));
  }

  #card(take) {
    const { letter } = take.order;
    const app = this.#app;
    const canvas = h("canvas.wave");
    const waveform = new Waveform(canvas);
    const play = h("button.round", { type: "button", onclick: () => app.dock.show(take.utterance) }, icon("play"));
    const compare = h("button.chip", { type: "button", t: "design.compare", onclick: () => this.#choose(take) });
    const keep = button("star", "design.keep", async () => {
      take.isKept = Boolean(await keepTake(app, take.order)) || take.isKept;
      show();
    });
    const again = button("reuse", "design.again", () => this.#again(take));
    const why = h("span.hint", { id: `why-${Math.random().toString(36).slice(2)}` });
    keep.setAttribute("aria-describedby", why.id);
    const length = h("span.hint");
    const title = h("h3");
    const node = h("li.card.take", {}, h("div.take-head", {}, play, title, length, compare), canvas,
      h("p.about.excerpt", { textContent: take.order.options.design, dir: "auto" }), h("p.actions", {}, keep, again, why));
    let drawn = 0;
    let followed = null;
    const draw = () => { drawn = 0; waveform.draw(app.player.sound === take.utterance?.sound ? app.player.position : 0); };
    const soon = () => { drawn ||= requestAnimationFrame(draw); };

    function show() {
      const { utterance, obstacle } = take;
      if (utterance !== followed && utterance) {
        followed = utterance;
        waveform.show(utterance.sound, expectedSeconds(utterance.text));
        utterance.sound.on("grow", () => { soon(); show(); });
      }
      title.textContent = take.name;
      play.setAttribute("aria-label", t("design.play", { name: letter }));
      length.textContent = utterance?.sound.length ? `${utterance.seconds.toFixed(1)} s` : "";
      why.textContent = obstacle ? t(...obstacle) : "";
      canvas.hidden = utterance === null;
      play.disabled = !utterance?.sound.length;
      keep.disabled = obstacle !== null;
      again.hidden = !take.canBeMadeAgain;
      keep.hidden = !again.hidden;
      compare.hidden = !take.isReady;
      compare.setAttribute("aria-pressed", String(pressed()));
      node.classList.toggle("kept", take.isKept);
      soon();
    }

    const pressed = () => this.#pair.includes(take);
    new ResizeObserver(soon).observe(canvas);
    app.on("heard", (heard) => heard.utterance === take.utterance && soon());
    return { node, show };
  }
}
