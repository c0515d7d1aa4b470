// Voices that people made: keep, rename, export, import, delete.

import { call } from "./api.js";
import { actOn, audible, button, card, confirmed, dialog, field, h, option, renew, saveFile } from "./dom.js";
import { onLanguage, t } from "./i18n.js";
import { menu } from "./menu.js";
import { preview } from "./preview.js";
import { avatar, descriptionOf, prettyName } from "./voices.js";

const CONVERT = "python -m qwen_tts.convert_prompt FILE.pt";
const PAPER = "https://arxiv.org/abs/2601.15621";
const LICENCE = "https://github.com/QwenLM/Qwen3-TTS/blob/main/LICENSE";

/** `needsConsent`: it is somebody's voice, and nobody has said yet that they agree. */
export function askAbout(titleKey, goKey, first = {}, { needsConsent = false } = {}) {
  return dialog(titleKey, (close) => {
    const name = h("input", { type: "text", required: true, maxLength: 80, value: first.name ?? "", autofocus: true, dir: "auto" });
    const description = h("input", { type: "text", maxLength: 200, value: first.description ?? "", dir: "auto" });
    const gender = h("select", {}, option("", "", "keep.gender-none"), option("female", "", "gender.female"), option("male", "", "gender.male"));
    gender.value = first.gender ?? "";
    const consent = needsConsent && h("label.check", {}, h("input", { type: "checkbox", required: true }), h("span", { t: "clone.consent" }));
    const submit = (event) => {
      event.preventDefault();
      if (name.value.trim()) close({ name: name.value.trim(), description: description.value.trim(), gender: gender.value });
    };
    return h("form", { onsubmit: submit }, field("keep.name", name), field("keep.description", description), field("keep.gender", gender), consent,
      h("p.actions", {}, button(null, "cancel", () => close()), h("button.primary", { t: goKey })));
  });
}

/** What was typed for a voice that could not be kept yet: the form begins with it the next time. */
let unfinished = {};

/** Keep what `request(about)` makes; the voice, or undefined. `first`: what the form begins with. */
export async function keepVoice(app, request, first, options) {
  const about = await askAbout("keep.title", "keep.go", { ...first, ...unfinished }, options);
  if (!about) return undefined;
  const voice = await app.manage(async () => (await call("v1/audio/voices", request(about))).json());
  unfinished = voice ? {} : about;
  if (!voice) return undefined;
  await app.loadVoices();
  app.voice = voice.id;
  app.tell("design.kept", { name: voice.name });
  return voice;
}

export function library(app) {
  const list = h("ul.rows");
  const none = h("p.empty", { t: "library.none" });
  const input = h("input.unseen", { type: "file", accept: ".zip,.safetensors,.pt", tabIndex: -1, tLabel: "library.import", onchange: async () => {
    const [file] = input.files;
    if (file) await bringIn(file);
    input.value = "";
  } });

  async function bringIn(file) {
    const [, name, ending] = /^(.*)\.(\w+)$/.exec(file.name) ?? [];
    if (ending === "pt") return tellToConvert();
    if (ending === "safetensors") return bringPrompt(file, name);
    const voice = await app.manage(async () => (await call("v1/audio/voices/import", { form: { file } })).json());
    if (!voice) return undefined;
    await app.loadVoices();
    return app.tell("library.imported", { name: voice.name });
  }

  const bringPrompt = (file, name) =>
    keepVoice(app, (about) => ({ form: { ...about, voice_prompt: file, consent: "true" } }), { name }, { needsConsent: true });

  const path = (voice) => `v1/audio/voices/${encodeURIComponent(voice.id)}`;

  /** `what`: its path, and the ending of its name. */
  async function save(voice, what, ending) {
    const packed = await app.manage(async () => (await call(`${path(voice)}/${what}`)).blob());
    if (packed) saveFile(packed, `${voice.id}.${ending}`);
  }

  async function rename(voice) {
    const about = await askAbout("library.rename-title", "keep.go", voice);
    if (about && (await app.manage(() => call(path(voice), { method: "PATCH", json: about })))) await app.loadVoices();
  }

  async function remove(voice) {
    if (!(await confirmed("library.delete-sure", "library.go", { name: voice.name }))) return;
    if (!(await app.manage(() => call(path(voice), { method: "DELETE" })))) return;
    await app.loadVoices();
    app.tell("library.deleted", { name: voice.name });
  }

  function row(voice) {
    const name = prettyName(voice);
    const act = (drawing, key, action) => actOn(drawing, key, { name }, () => action(voice));
    const about = !voice.available ? t("voice.silent") : descriptionOf(voice);
    const played = voice.available && audible(act("play", "voice.preview-of", () => preview(app, voice)));
    const words = (text) => h("span.voice-words", {}, h("strong", { textContent: name, dir: "auto" }), h("span.about", { textContent: text, dir: "auto" }));
    if (voice.in_settings) {
      return h("li.row", {}, avatar(voice.id, name), words([about, t("library.in-settings")].join(" · ")), h("span.row-actions", {}, played));
    }
    const exported = menu("download", "library.export", () => [
      [t("library.export-all"), () => save(voice, "export", "voice.zip")],
      ...(voice.kind === "cloned" ? [[t("library.export-prompt"), () => save(voice, "prompt", "safetensors")]] : []),
    ], { values: { name } });
    return h("li.row", {}, avatar(voice.id, name), words(about),
      h("span.row-actions", {}, played, act("design", "library.rename", rename), exported, act("trash", "library.delete", remove)));
  }

  const made = () => (app.catalogue?.voices ?? []).filter((voice) => voice.kind !== "preset");

  function draw() {
    renew(list, made().map(row), node);
    none.hidden = made().length > 0;
  }

  const node = card("library.title", h("p.hint", { t: "library.about" }), list, none,
    h("p.actions", {}, button("upload", "library.import", () => input.click()), input, h("span.hint", { t: "library.import-about" })));

  app.on("voices", draw);
  onLanguage(draw);
  return node;
}

/** A pickle can run code, so nobody reads it here. */
const tellToConvert = () => dialog("library.pickle-title", (close) => [
  h("p", { t: "library.pickle" }), h("p", {}, h("code", { textContent: CONVERT })), h("p.actions", {}, button(null, "close", () => close())),
]);

/** What such voices are for, who must agree, and where the model comes from. */
export function aboutCloning() {
  const link = (key, href) => h("a", { href, target: "_blank", rel: "noopener noreferrer", t: key });
  return h("aside.about-cloning", { tLabel: "cloning.name" }, h("p.hint", { t: "cloning.for" }), h("p.hint", { t: "cloning.agree" }),
    h("p.hint", {}, link("cloning.paper", PAPER), " · ", link("cloning.licence", LICENCE)));
}

export const intro = (titleKey, aboutKey) => h("div.intro", {}, h("h2", { t: titleKey, tabIndex: -1 }), h("p", { t: aboutKey }));
