// Clone: a recording, its words, a try, a voice.

import { call, given } from "../api.js";
import { button, card, field, h } from "../dom.js";
import { t } from "../i18n.js";
import { intro, keepVoice, library } from "../library.js";
import { needs } from "../models.js";
import { RecordingInput } from "../recording.js";
import { followSamples } from "../samples.js";
import { languageSelect } from "../voices.js";

export function cloneTab(app) {
  const recording = new RecordingInput(app);
  const words = h("textarea", { rows: 3, maxLength: 2_000, tPlaceholder: "clone.words-like" });
  const wordsField = field("clone.words", words);
  const only = h("input", { type: "checkbox", role: "switch", onchange: () => { wordsField.hidden = only.checked; forget(); } });
  const consent = h("input", { type: "checkbox" });
  const spoken = languageSelect(app, "clone-language");
  const text = h("textarea", { rows: 3, maxLength: 2_000 });
  const tryIt = button("play", "clone.try", () => attempt(), "primary");
  const keep = button("star", "clone.keep", () => keepIt());
  /** The daemon's name of this recording: it is sent once. */
  let reference = null;

  const forget = () => { reference = null; };
  recording.on("change", forget);
  words.addEventListener("input", forget);

  function isComplete({ toKeep }) {
    if (recording.isEmpty) app.tell("clone.recording-needed");
    else if (!only.checked && !words.value.trim()) {
      app.tell("clone.words-needed");
      words.focus();
    } else if (toKeep && !consent.checked) {
      app.tell("clone.consent-needed");
      consent.focus();
    } else return true;
    return false;
  }

  const fields = () => ({ ref_audio: recording.blob, ref_text: only.checked ? "" : words.value.trim() });

  async function attempt() {
    if (!isComplete({ toKeep: false })) return;
    app.player.unlock();
    tryIt.disabled = true;
    try {
      reference ??= (await (await call("v1/audio/references", { form: fields() })).json()).voice;
      const options = given({ voice: reference, language: spoken.value });
      app.speak({ text: text.value.trim() || app.samples.Auto, title: t("clone.mine"), options });
    } catch (error) {
      app.fail(error);
    } finally {
      tryIt.disabled = false;
    }
  }

  async function keepIt() {
    if (!isComplete({ toKeep: true })) return;
    await keepVoice(app, (about) => ({ form: { ...about, ...fields(), consent: "true", language: spoken.value } }));
  }

  followSamples(app, text);
  const steps = h("div.split", {},
    card("clone.step-recording", recording.node),
    h("div.stack", {},
      card("clone.step-words", wordsField, h("label.check", {}, only, h("span", {}, h("span", { t: "clone.speaker-only" }), " ", h("span.hint", { t: "clone.speaker-only-about" })))),
      card("clone.step-try", h("div.columns", {}, field("clone.language", spoken)), field("clone.text", text),
        h("label.check", {}, consent, h("span", { t: "clone.consent" })), h("p.actions", {}, tryIt, keep)),
    ));
  return [intro("clone.title", "clone.about"), h("div.stack", {}, needs(app, "cloned", "missing.clone", steps), library(app))];
}
