// Voices that people made: keep, rename, export, import, delete.

import { call } from "./api.js";
import { actOn, button, card, confirmed, dialog, field, h, option, saveFile } from "./dom.js";
import { onLanguage, t } from "./i18n.js";
import { preview } from "./preview.js";
import { avatar, descriptionOf, prettyName } from "./voices.js";

export function askAbout(titleKey, goKey, first = {}) {
  return dialog(titleKey, (close) => {
    const name = h("input", { type: "text", required: true, maxLength: 80, value: first.name ?? "", autofocus: true });
    const description = h("input", { type: "text", maxLength: 200, value: first.description ?? "" });
    const gender = h("select", {}, option("", "", "keep.gender-none"), option("female", "", "gender.female"), option("male", "", "gender.male"));
    gender.value = first.gender ?? "";
    const submit = (event) => {
      event.preventDefault();
      if (name.value.trim()) close({ name: name.value.trim(), description: description.value.trim(), gender: gender.value });
    };
    return h("form", { onsubmit: submit }, field("keep.name", name), field("keep.description", description), field("keep.gender", gender),
      h("p.actions", {}, button(null, "cancel", () => close()), h("button.primary", { t: goKey })));
  });
}

/** Keep what `request(about)` makes; the voice, or undefined. */
export async function keepVoice(app, request) {
  const about = await askAbout("keep.title", "keep.go");
  if (!about) return undefined;
  const voice = await app.manage(async () => (await call("v1/audio/voices", request(about))).json());
  if (!voice) return undefined;
  await app.loadVoices();
  app.voice = voice.id;
  app.tell("design.kept", { name: voice.name });
  return voice;
}

export function library(app) {
  const list = h("ul.rows");
  const none = h("p.empty", { t: "library.none" });
  const input = h("input.unseen", { type: "file", accept: ".zip", tabIndex: -1, tLabel: "library.import", onchange: () => bringIn(input.files[0]) });

  async function bringIn(file) {
    input.value = "";
    if (!file) return;
    const voice = await app.manage(async () => (await call("v1/audio/voices/import", { form: { file } })).json());
    if (!voice) return;
    await app.loadVoices();
    app.tell("library.imported", { name: voice.name });
  }

  const path = (voice) => `v1/audio/voices/${encodeURIComponent(voice.id)}`;

  async function save(voice) {
    const packed = await app.manage(async () => (await call(`${path(voice)}/export`)).blob());
    if (packed) saveFile(packed, `${voice.id}.voice.zip`);
  }

  async function rename(voice) {
    const about = await askAbout("library.rename-title", "keep.go", voice);
    if (about && (await app.manage(() => call(path(voice), { method: "PATCH", json: about })))) await app.loadVoices();
  }

  async function remove(voice) {
    if ((await confirmed("library.delete-sure", "library.go")) && (await app.manage(() => call(path(voice), { method: "DELETE" })))) await app.loadVoices();
  }

  function row(voice) {
    const name = prettyName(voice);
    const act = (drawing, key, action) => actOn(drawing, key, { name }, () => action(voice));
    return h("li.row", {}, avatar(voice.id, name),
      h("span.voice-words", {}, h("strong", { textContent: name }), h("span.about", { textContent: voice.available ? descriptionOf(voice) : t("voice.silent") })),
      h("span.row-actions", {}, voice.available && act("play", "voice.preview-of", () => preview(app, voice)), act("design", "library.rename", rename),
        act("download", "library.export", save), act("trash", "library.delete", remove)));
  }

  function draw() {
    const made = (app.catalogue?.voices ?? []).filter((voice) => voice.kind !== "preset");
    list.replaceChildren(...made.map(row));
    none.hidden = made.length > 0;
  }

  app.on("voices", draw);
  onLanguage(draw);
  return card("library.title", h("p.hint", { t: "library.about" }), list, none, h("p.actions", {}, button("upload", "library.import", () => input.click()), input));
}

export const intro = (titleKey, aboutKey) => h("div.intro", {}, h("h2", { t: titleKey }), h("p", { t: aboutKey }));
