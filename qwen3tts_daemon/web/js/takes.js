// Takes of described voices: made, heard, compared, kept. They are there again after a reload: what was asked for is
// remembered, the sound is in the history.

import { call, given } from "./api.js";
import { audible, button, h, icon, reasonOf, unable } from "./dom.js";
import { onLanguage, t } from "./i18n.js";
import { keepVoice } from "./library.js";
import { sameMoment } from "./moment.js";
import { lengthProblem } from "./reference.js";
import { recall, remember } from "./settings.js";
import { Utterance } from "./utterance.js";
import { Waveform, expectedSeconds } from "./waveform.js";

const MOST = 12;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** Where the same seed helps. */
const MENDED_BY_SEED = ["design.lost", "design.failed", "design.forgotten"];

/** Which of these takes the daemon still has; all, where it does not say. */
export async function stillHeld(ids) {
  if (ids.length === 0) return new Set();
  const query = new URLSearchParams(ids.map((id) => ["id", id]));
  const answer = await call(`v1/audio/takes?${query}`).then((each) => each.json()).catch(() => ({ takes: ids }));
  return new Set(answer.takes);
}

/** Make a voice of a take that the daemon still has. */
export const keepTake = (app, { requestId, options }) =>
  keepVoice(app, (about) => ({ json: given({ ...about, take: requestId, language: options.language }) }));

class Take {
  utterance = null;
  isHeld = true;
  isKept = false;

  /** `order`: { letter, text, options, requestId } */
  constructor(order) {
    this.order = order;
  }

  get name() {
    return t("design.take", { name: this.order.letter });
  }

  get isReady() {
    return this.utterance !== null && !this.utterance.isRunning && this.utterance.sound.length > 0;
  }

  /** [words, values]: why it cannot be kept; empty if it can. */
  get obstacle() {
    const { utterance } = this;
    if (utterance === null) return ["design.lost"];
    if (utterance.isRunning) return [utterance.position > 0 ? "dock.queue" : "design.making", { n: utterance.position }];
    if (utterance.reason === "limit") return ["design.cut"];
    if (utterance.reason !== "complete" || !this.isReady) return ["design.failed"];
    return lengthProblem(utterance.seconds) ?? (this.isHeld ? [] : ["design.forgotten"]);
  }
}

export class Takes {
  #app;
  #takes = [];
  #cards = new Map();
  #pair = [];

  constructor(app) {
    this.#app = app;
    this.list = h("ul.takes");
    this.comparison = h("p.card.compare", { hidden: true }, h("span.hint", { t: "design.compare-about" }),
      h("button.primary", { type: "button", "aria-keyshortcuts": "X", onclick: () => this.#switch() }, icon("swap"), h("span", { t: "design.switch" }), h("kbd", { textContent: "X" })));
    this.node = h("div.stack", {}, h("h2.unseen", { t: "design.takes" }), this.comparison, this.list);
    document.addEventListener("keydown", (event) => this.#key(event));
    app.on("voices", () => this.#ask());
    onLanguage(() => this.#draw());
    this.#restore();
  }

  /** One for each seed, each another person; at the same time where there is room, else one after the other. */
  make(text, options, seeds) {
    const { rows = 1, active = 0 } = this.#app.status ?? {};
    const made = seeds.map((seed) => new Take({ letter: nextLetter(), text, options: { ...options, sampling: { ...options.sampling, seed } } }));
    made.forEach((take, i) => this.#speak(take, i < rows - active ? "parallel" : "queue"));
    this.#takes = [...made, ...this.#takes].slice(0, MOST);
    this.#pair = this.#pair.filter((take) => this.#takes.includes(take));
    this.#store();
    this.#draw();
    this.#app.dock.show(made[0].utterance);
    this.list.scrollIntoView({ block: "nearest" });
  }

  #speak(take, policy) {
    const utterance = this.#app.speak({ text: take.order.text, title: take.name, isPlayed: false, policy, options: take.order.options });
    Object.assign(take, { utterance, isHeld: true, isKept: false });
    utterance.on("change", () => {
      if (utterance !== take.utterance) return;
      if (utterance.requestId !== (take.order.requestId ?? "")) {
        take.order.requestId = utterance.requestId;
        this.#store();
      }
      this.#cards.get(take)?.show();
      if (!utterance.isRunning) this.#ask();
    });
  }

  #again(take) {
    this.#app.player.unlock();
    this.#speak(take, "queue");
    this.#draw();
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
      const entry = spoken.get(order.requestId);
      if (entry) take.utterance = Utterance.of({ ...entry, isKept: false });
      return take;
    });
    this.#draw();
    await this.#ask();
  }

  async #ask() {
    const asked = this.#takes.filter((take) => take.isReady);
    const held = await stillHeld(asked.map((take) => take.order.requestId));
    for (const take of asked) {
      take.isHeld = held.has(take.order.requestId);
      this.#cards.get(take)?.show();
    }
  }

  // -- two of them, at the same moment of the text --

  #choose(take) {
    this.#pair = this.#pair.includes(take) ? this.#pair.filter((each) => each !== take) : [...this.#pair, take].slice(-2);
    this.#draw();
  }

  #switch() {
    const { dock, player } = this.#app;
    const [a, b] = this.#pair.map((take) => take.utterance);
    const [from, to] = dock.utterance === a ? [a, b] : [b, a];
    const at = player.sound === from.sound ? sameMoment(from, to, player.position) : 0;
    dock.show(to, { isPlayed: false });
    player.play(to.sound, at < to.sound.length ? at : 0);
  }

  #key(event) {
    const isOther = event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog");
    if (isOther || !this.comparison.checkVisibility()) return;
    event.preventDefault();
    this.#switch();
  }

  // -- seen --

  #draw() {
    this.#cards = new Map(this.#takes.map((take) => [take, this.#cards.get(take) ?? this.#card(take)]));
    const nodes = [...this.#cards.values()].map((card) => card.node);
    if (nodes.length !== this.list.childElementCount || nodes.some((node, i) => node !== this.list.children[i])) this.list.replaceChildren(...nodes);
    for (const card of this.#cards.values()) card.show();
    this.comparison.hidden = this.#pair.length < 2;
  }

  #card(take) {
    const app = this.#app;
    const canvas = h("canvas.wave");
    const waveform = new Waveform(canvas);
    const play = audible(h("button.round", { type: "button", onclick: () => app.dock.show(take.utterance) }, icon("play")));
    const compare = h("button.chip", { type: "button", t: "design.compare", onclick: () => this.#choose(take) });
    const keep = button("star", "design.keep", async () => {
      take.isKept ||= Boolean(await keepTake(app, take.order));
      show();
    });
    const again = audible(button("reuse", "design.again", () => this.#again(take)));
    const [title, length] = [h("h3"), h("span.hint")];
    const node = h("li.card.take", {}, h("div.take-head", {}, play, reasonOf(play, "unseen"), title, length, compare), canvas,
      h("p.about.excerpt", { textContent: take.order.options.design, dir: "auto" }), h("p.actions", {}, keep, again, reasonOf(keep)));
    let [drawn, shown] = [0, null];
    const draw = () => { drawn = 0; waveform.draw(app.player.sound === take.utterance?.sound ? app.player.position : 0); };
    const soon = () => { drawn ||= requestAnimationFrame(draw); };

    const show = () => {
      const { utterance, obstacle } = take;
      if (utterance !== shown) {
        shown = utterance;
        waveform.show(utterance.sound, expectedSeconds(utterance.text));
        utterance.sound.on("grow", show);
      }
      const hasSound = utterance !== null && utterance.sound.length > 0;
      title.textContent = take.name;
      play.setAttribute("aria-label", t("design.play", { name: take.order.letter }));
      length.textContent = hasSound ? `${utterance.seconds.toFixed(1)} s` : "";
      canvas.hidden = utterance === null;
      unable(play, hasSound ? "" : "why.no-sound");
      unable(keep, ...obstacle);
      keep.hidden = MENDED_BY_SEED.includes(obstacle[0]);
      again.hidden = !keep.hidden;
      compare.hidden = !take.isReady;
      compare.setAttribute("aria-pressed", String(this.#pair.includes(take)));
      node.classList.toggle("kept", take.isKept);
      soon();
    };
    new ResizeObserver(soon).observe(canvas);
    app.on("heard", (heard) => heard.utterance === take.utterance && soon());
    return { node, show };
  }
}

function nextLetter() {
  const letter = LETTERS[(LETTERS.indexOf(recall("take", "Z")) + 1) % LETTERS.length];
  remember("take", letter);
  return letter;
}
