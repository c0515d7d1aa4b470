// Clone: a recording, its words, a try, a voice.

import { call, given } from "../api.js";
import { audible, button, card, field, h, reasonOf, unable } from "../dom.js";
import { fill, kept, limitedField } from "../forms.js";
import { t } from "../i18n.js";
import { aboutCloning, intro, keepVoice, library } from "../library.js";
import { needs } from "../models.js";
import { RecordingInput } from "../recording.js";
import { followSamples } from "../samples.js";
import { SamplingFields } from "../sampling.js";
import { hint } from "../telling.js";
import { languageSelect } from "../voices.js";

export function cloneTab(app) {
  const recording = new RecordingInput(app, { keptAs: "clone" });
  const words = kept(h("textarea", { rows: 3, maxLength: 2_000, dir: "auto", tPlaceholder: "clone.words-like" }), "clone-words");
  const wordsField = limitedField("clone.words", words);
  const only = kept(h("input", { type: "checkbox", role: "switch" }), "clone-only");
  const consent = h("input", { type: "checkbox" });
  const spoken = languageSelect(app, "clone-language");
  const sampling = new SamplingFields();
  const text = kept(h("textarea", { rows: 3, maxLength: 2_000, dir: "auto" }), "clone-text");
  const tryIt = audible(button("play", "clone.try", () => attempt(), "primary"));
  const keep = button("star", "clone.keep", () => keepIt());
  const whys = [reasonOf(tryIt), reasonOf(keep, "unseen")];
  /** The daemon's name of this recording: it is sent once. */
  let reference = null;

  function tell() {
    wordsField.hidden = only.checked;
    for (const each of [tryIt, keep]) unable(each, ...(recording.problem ?? []));
  }

  function isComplete({ toKeep }) {
    if (!only.checked && !words.value.trim()) hint(words, "clone.words-needed");
    else if (toKeep && !consent.checked) hint(consent, "clone.consent-needed");
    else return true;
    return false;
  }

  function forget() {
    reference = null;
    tell();
  }

  recording.on("change", forget);
  words.addEventListener("input", forget);
  only.addEventListener("change", forget);
  tell();

  const fields = () => ({ ref_audio: recording.blob, ref_text: only.checked ? "" : words.value.trim() });

  async function attempt() {
    if (!isComplete({ toKeep: false })) return;
    app.player.unlock();
    unable(tryIt, "why.busy");
    try {
      reference ??= (await (await call("v1/audio/references", { form: fields() })).json()).voice;
      const options = given({ voice: reference, language: spoken.value, sampling: sampling.value });
      app.speak({ text: text.value.trim() || app.samples.Auto, title: t("clone.mine"), options });
    } catch (error) {
      app.fail(error);
    } finally {
      tell();
    }
  }

  async function keepIt() {
    if (!isComplete({ toKeep: true })) return;
    await keepVoice(app, (about) => ({ form: { ...about, ...fields(), consent: "true", language: spoken.value } }), { name: recording.name });
  }

  followSamples(app, text, () => text.dispatchEvent(new Event("filled")));
  app.on("reuse-clone", (entry) => {
    fill(text, entry.text);
    sampling.value = entry.options.sampling;
    text.focus();
  });
  const steps = h("div.split", {},
    card("clone.step-recording", recording.node, h("p.hint", { t: "clone.stays" })),
    h("div.stack", {},
      card("clone.step-words", wordsField, h("label.check", {}, only, h("span", {}, h("span", { t: "clone.speaker-only" }), " ", h("span.hint", { t: "clone.speaker-only-about" })))),
      card("clone.step-try", h("div.columns", {}, field("clone.language", spoken)), limitedField("clone.text", text), sampling.node,
        h("label.check", {}, consent, h("span", { t: "clone.consent" })), h("p.actions", {}, tryIt, keep, ...whys)),
    ));
  return [intro("clone.title", "clone.about"), h("div.stack", {}, needs(app, "cloned", "missing.clone", h("div.stack", {}, steps, aboutCloning())), library(app))];
}
