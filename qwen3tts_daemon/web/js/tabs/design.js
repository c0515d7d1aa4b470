// Design: a voice in words, several takes of it, the best one kept.

import { given } from "../api.js";
import { audible, field, h, icon } from "../dom.js";
import { fill, kept, limitedField, replaceText } from "../forms.js";
import { t } from "../i18n.js";
import { aboutCloning, intro } from "../library.js";
import { needs } from "../models.js";
import { SamplingFields } from "../sampling.js";
import { remember } from "../settings.js";
import { Takes } from "../takes.js";
import { hint } from "../telling.js";
import { languageSelect } from "../voices.js";

const PRESETS = ["child", "sharp", "palace", "news", "sad", "man"];
/** Of the four that a socket may have, one is left to speak with. */
const AT_ONCE = 3;

export function designTab(app) {
  const description = kept(h("textarea", { rows: 4, maxLength: 2_000, dir: "auto", tPlaceholder: "design.description-like" }), "design");
  const text = kept(h("textarea", { rows: 3, maxLength: 2_000, dir: "auto" }), "design-text");
  const spoken = languageSelect(app, "design-language");
  const sampling = new SamplingFields("design.seeds-about");
  const takes = new Takes(app);
  const chips = PRESETS.map((name) => h("button.chip", { type: "button", t: `preset.${name}`, onclick: () =>
    replaceText(app, "design.replaced", [[description, t(`preset.${name}.voice`)], [text, t(`preset.${name}.text`)]]) }));

  const options = () => given({ mode: "design", design: description.value.trim(), language: spoken.value, sampling: sampling.value });

  function make(event) {
    event.preventDefault();
    if (!description.value.trim()) return hint(description, "design.empty");
    if (!text.value.trim()) fill(text, app.samples.Auto ?? "");
    app.player.unlock();
    return takes.make(text.value, options(), seedsFrom(sampling.value.seed));
  }

  app.on("reuse-design", (entry) => {
    replaceText(app, "design.replaced", [[description, entry.options.design], [text, entry.text]]);
    spoken.value = entry.options.language ?? "";
    remember("design-language", spoken.value);
    sampling.value = entry.options.sampling;
    description.focus();
  });
  app.on("again-design", ({ text: words, options: { sampling: drawn, ...others } }) => {
    app.player.unlock();
    takes.make(words, { ...others, sampling: drawn }, [drawn.seed]);
  });
  const form = h("form.card", { onsubmit: make },
    limitedField("design.description", description), h("div.chips", {}, ...chips),
    h("div.columns.wide-first", {}, limitedField("design.text", text), field("speak.language", spoken)),
    sampling.node,
    h("p.actions", {}, audible(h("button.primary.big", { type: "submit" }, icon("design"), h("span", { t: "design.go" })))));
  return [intro("design.title", "design.about"), needs(app, "designed", "missing.design", h("div.stack", {}, form, takes.node, aboutCloning()))];
}

/** The first is the one that was asked for, if any. */
function seedsFrom(seed = Math.floor(Math.random() * 2 ** 31)) {
  return Array.from({ length: AT_ONCE }, (_, i) => seed + i);
}
