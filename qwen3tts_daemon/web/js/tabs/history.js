// History: what was said in this browser.

import { actOn, audible, button, card, confirmed, h, renew } from "../dom.js";
import { language, number, onLanguage } from "../i18n.js";
import { intro } from "../library.js";
import { saveWav } from "../sound-files.js";
import { SAMPLE_RATE } from "../sound.js";
import { keepTake, stillHeld } from "../takes.js";
import { Utterance } from "../utterance.js";
import { avatar, isTrial } from "../voices.js";

const EXCERPT = 140;
const SHORT_EXCERPT = 40;

const tabOf = ({ options: { mode, voice } }) => (mode === "design" ? "design" : isTrial(voice) ? "clone" : "speak");

export function historyTab(app) {
  const list = h("ul.rows");
  const none = h("p.empty", { t: "history.none" });
  const head = intro("history.title", "history.about");
  let shown = 0;
  const clear = button("trash", "history.clear", async () => {
    if (!(await confirmed("history.clear-sure", "history.clear-go", { n: number(shown) }))) return;
    await app.history.clear();
    head.querySelector("h2").focus();
  });

  async function remove(entry, words) {
    await app.history.remove(entry.id);
    app.tell("history.deleted", { text: words }, { action: ["undo", () => app.history.putBack(entry)] });
  }

  function row(entry, isHeld) {
    const whole = entry.text.trim();
    const words = whole.length > EXCERPT ? `${whole.slice(0, EXCERPT)}…` : whole;
    const text = words.slice(0, SHORT_EXCERPT);
    const act = (drawing, key, action) => actOn(drawing, key, { text }, action);
    const when = new Date(entry.at).toLocaleString(language(), { dateStyle: "medium", timeStyle: "short" });
    const about = [entry.title, when, `${number(entry.samples.length / SAMPLE_RATE, 1)} s`].join(" · ");
    const isDesigned = entry.options.mode === "design";
    return h("li.row", {}, avatar(entry.options.voice ?? "", entry.title, isDesigned ? "design" : "speak"),
      h("span.voice-words", {}, h("span.excerpt", { textContent: words, dir: "auto" }), h("span.about", { textContent: about, dir: "auto" })),
      h("span.row-actions", {},
        audible(act("play", "history.play", () => app.play(entry))),
        isDesigned && (isHeld ? act("star", "history.keep", () => keepTake(app, entry)) : audible(act("replay", "history.again", () => passOn("again", entry)))),
        act("reuse", "history.reuse", () => passOn("reuse", entry)),
        act("download", "history.save", () => saveWav(Utterance.of({ ...entry, isKept: false }))),
        act("trash", "history.delete", () => remove(entry, text))));
  }

  async function passOn(event, entry) {
    const tab = tabOf(entry);
    await app.tabs.open(tab);
    app.emit(`${event}-${tab}`, entry);
  }

  async function draw() {
    const entries = await app.history.all();
    const held = await stillHeld(entries.filter((entry) => entry.options.mode === "design").map((entry) => entry.requestId));
    renew(list, entries.map((entry) => row(entry, held.has(entry.requestId))), head);
    shown = entries.length;
    none.hidden = shown > 0;
    clear.hidden = shown === 0;
  }

  app.history.on("change", draw);
  app.on("voices", draw);
  onLanguage(draw);
  return [head, card(null, list, none, h("p.actions", {}, clear))];
}
