// History: what was said in this browser.

import { actOn, button, card, confirmed, h } from "../dom.js";
import { language, number, onLanguage } from "../i18n.js";
import { intro } from "../library.js";
import { SAMPLE_RATE } from "../sound.js";
import { Utterance } from "../utterance.js";
import { avatar } from "../voices.js";

const EXCERPT = 140;

export function historyTab(app) {
  const list = h("ul.rows");
  const none = h("p.empty", { t: "history.none" });
  const clear = button("trash", "history.clear", async () => {
    if (await confirmed("history.clear-sure", "history.clear-go")) await app.history.clear();
  });

  function row(entry) {
    const words = entry.text.trim().slice(0, EXCERPT);
    const act = (drawing, key, action) => actOn(drawing, key, { text: words.slice(0, 40) }, action);
    const when = new Date(entry.at).toLocaleString(language(), { dateStyle: "medium", timeStyle: "short" });
    const about = [entry.title, when, `${number(entry.samples.length / SAMPLE_RATE, 1)} s`].join(" · ");
    return h("li.row", {}, avatar(entry.options.voice ?? "", entry.title, entry.options.mode === "design" ? "design" : "speak"),
      h("span.voice-words", {}, h("span.excerpt", { textContent: words, dir: "auto" }), h("span.about", { textContent: about })),
      h("span.row-actions", {},
        act("play", "history.play", () => app.play(entry)),
        act("reuse", "history.reuse", () => app.emit("reuse", entry)),
        act("download", "history.save", () => app.dock.saveWav(Utterance.of({ ...entry, isKept: false }))),
        act("trash", "history.delete", () => app.history.remove(entry.id))));
  }

  async function draw() {
    const entries = await app.history.all();
    list.replaceChildren(...entries.map(row));
    none.hidden = entries.length > 0;
    clear.hidden = entries.length === 0;
  }

  app.history.on("change", draw);
  app.on("opened", draw);
  onLanguage(() => app.tabs && draw());
  return [intro("history.title", "history.about"), card(null, list, none, h("p.actions", {}, clear))];
}
