// Design: a voice in words, several takes of it, the best one kept.

import { given } from "../api.js";
import { button, field, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { intro, keepVoice } from "../library.js";
import { needs } from "../models.js";
import { recall, remember } from "../settings.js";
import { languageSelect } from "../voices.js";
import { Waveform, expectedSeconds } from "../waveform.js";

const PRESETS = ["child", "sharp", "palace", "news", "sad", "man"];
/** Of the four that a socket may have, one is left to speak with. */
const TAKES = 3;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

export function designTab(app) {
  const description = h("textarea", { rows: 4, maxLength: 2_000, tPlaceholder: "design.description-like", value: recall("design", "") });
  const text = h("textarea", { rows: 3, maxLength: 2_000, value: recall("design-text", "") });
  const spoken = languageSelect(app, "design-language");
  const takes = h("ul.takes");
  let made = 0;

  const chips = PRESETS.map((name) => h("button.chip", { type: "button", t: `preset.${name}`, onclick: () => {
    description.value = t(`preset.${name}.voice`);
    text.value = t(`preset.${name}.text`);
    keepText();
  } }));

  function keepText() {
    remember("design", description.value);
    remember("design-text", text.value);
  }

  function make(event) {
    event.preventDefault();
    if (!description.value.trim()) {
      description.focus();
      return app.tell("design.empty");
    }
    if (!text.value.trim()) text.value = app.samples.Auto ?? "";
    keepText();
    app.player.unlock();
    const isFirst = made === 0;
    takes.prepend(...Array.from({ length: TAKES }, (_, i) => take(LETTERS[made++ % LETTERS.length], i === 0)));
    if (isFirst) takes.scrollIntoView({ block: "nearest" });
  }

  function take(letter, isPlayed) {
    const language = spoken.value;
    const options = given({ mode: "design", design: description.value.trim(), language });
    const utterance = app.speak({ text: text.value, title: t("design.take", { name: letter }), isPlayed: false, options });
    const canvas = h("canvas.wave");
    const waveform = new Waveform(canvas);
    waveform.show(utterance.sound, expectedSeconds(utterance.text));
    const listen = () => app.dock.show(utterance);
    const play = h("button.round", { type: "button", onclick: listen, "aria-label": t("design.play", { name: letter }) }, icon("play"));
    const keep = button("star", "design.keep", async () => {
      const voice = await keepVoice(app, (about) => ({ json: given({ ...about, take: utterance.requestId, language }) }));
      if (voice) node.classList.add("kept");
    });
    const state = h("span.hint");
    const node = h("li.card.take", {}, h("div.take-head", {}, play, h("h3", { textContent: utterance.title }), state), canvas, keep);
    const show = () => {
      state.textContent = utterance.isRunning ? t(utterance.position > 0 ? "dock.queue" : "design.making", { n: utterance.position }) : utterance.error ? t("design.failed") : `${utterance.seconds.toFixed(1)} s`;
      keep.disabled = utterance.reason !== "complete";
      play.disabled = utterance.sound.length === 0;
    };
    utterance.on("change", show);
    let drawn = 0;
    const draw = () => { drawn = 0; show(); waveform.draw(app.player.sound === utterance.sound ? app.player.position : 0); };
    const soon = () => { drawn ||= requestAnimationFrame(draw); };
    utterance.sound.on("grow", soon);
    new ResizeObserver(soon).observe(canvas);
    app.on("heard", (heard) => heard.utterance === utterance && soon());
    if (isPlayed) listen();
    show();
    return node;
  }

  app.on("reuse", (entry) => {
    if (entry.options.mode !== "design") return;
    description.value = entry.options.design;
    text.value = entry.text;
    app.tabs.open("design");
  });
  const form = h("form.card", { onsubmit: make },
    field("design.description", description), h("div.chips", {}, ...chips),
    h("div.columns.wide-first", {}, field("design.text", text), field("speak.language", spoken)),
    h("p.actions", {}, h("button.primary.big", { type: "submit" }, icon("design"), h("span", { t: "design.go" }))));
  return [intro("design.title", "design.about"), needs(app, "designed", "missing.design", h("div.stack", {}, form, h("h2.unseen", { t: "design.takes" }), takes))];
}
