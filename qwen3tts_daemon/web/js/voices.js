// What voices are called and are like; lists to choose of.

import { h, icon } from "./dom.js";
import { language, languageName, onLanguage, t } from "./i18n.js";
import { recall, remember } from "./settings.js";

const hueOf = (id) => [...id].reduce((hue, letter) => (hue * 31 + letter.codePointAt(0)) % 360, 7);

export function descriptionOf(voice) {
  const own = voice.descriptions?.[language()];
  if (own) return own;
  const isTold = voice.description && voice.description !== voice.name;
  if (isTold && (voice.kind !== "preset" || language() === "en")) return voice.description;
  return t(`voice.${voice.gender || "any"}`, { language: languageName(voice.languages?.[0] ?? voice.language) });
}

export function prettyName(voice) {
  if (voice.kind !== "preset") return voice.name;
  const name = voice.preview ? voice.name.replace(/^[a-z]{2}_/, "") : voice.name;
  return name.replace(/(^|_)(\p{L})/gu, (_, gap, letter) => (gap ? " " : "") + letter.toUpperCase());
}

/** A recording that was only tried: the daemon holds it for an hour. */
export const isTrial = (id = "") => id.startsWith("reference:");

export function avatar(id, name, drawing = "speak") {
  const node = h("span.avatar", { "aria-hidden": "true", textContent: id ? [...name][0] : "" });
  if (id) node.style.setProperty("--hue", hueOf(id));
  else node.append(icon(drawing));
  return node;
}

/** Ids of voices that their names and words do not tell apart. */
export function twins(voices) {
  const shown = voices.map((voice) => [prettyName(voice), descriptionOf(voice), voice.languages?.[0]].join("\n"));
  return new Set(voices.filter((_, i) => shown.indexOf(shown[i]) !== shown.lastIndexOf(shown[i])).map((voice) => voice.id));
}

export function voiceSelect(app) {
  const select = h("select", { onchange: () => { app.voice = select.value; } });
  const draw = () => {
    const voices = (app.catalogue?.voices ?? []).filter((voice) => voice.available);
    const alike = twins(voices);
    select.replaceChildren(h("option", { value: "", t: "voice.auto" }), ...voices.map((voice) => h("option", { value: voice.id, textContent: `${prettyName(voice)} – ${descriptionOf(voice)}${alike.has(voice.id) ? ` (${voice.id})` : ""}` })));
    select.value = app.voice;
  };
  app.on("voices", draw);
  app.on("voice", () => { select.value = app.voice; });
  onLanguage(draw);
  return select;
}

export function languageSelect(app, name) {
  const select = h("select", { onchange: () => remember(name, select.value) });
  const draw = () => {
    const codes = (app.catalogue?.languages ?? []).map((each) => each.code);
    const kept = recall(name, "");
    select.replaceChildren(h("option", { value: "", t: "language.auto" }), ...codes.map((code) => h("option", { value: code, textContent: languageName(code) })));
    select.value = codes.includes(kept) ? kept : "";
  };
  app.on("voices", draw);
  onLanguage(draw);
  return select;
}
