// Voice cards: choose, try, search, favour.

import { h, icon, iconButton } from "./dom.js";
import { language, languageName, onLanguage, t } from "./i18n.js";
import { recall, remember } from "./settings.js";

const hueOf = (id) => [...id].reduce((hue, letter) => (hue * 31 + letter.codePointAt(0)) % 360, 7);

export function descriptionOf(voice) {
  const own = voice.descriptions?.[language()];
  if (own) return own;
  if (voice.kind !== "preset" && voice.description) return voice.description;
  if (language() === "en" && voice.description) return voice.description;
  return t(`voice.${voice.gender || "any"}`, { language: languageName(voice.languages?.[0] ?? voice.language) });
}

export function prettyName(voice) {
  if (voice.kind !== "preset") return voice.name;
  const name = voice.preview ? voice.name.replace(/^[a-z]{2}_/, "") : voice.name;
  return name.replace(/(^|_)(\p{L})/gu, (_, gap, letter) => (gap ? " " : "") + letter.toUpperCase());
}

export function avatar(id, name, drawing = "speak") {
  const node = h("span.avatar", { "aria-hidden": "true", textContent: id ? [...name][0] : "" });
  if (id) node.style.setProperty("--hue", hueOf(id));
  else node.append(icon(drawing));
  return node;
}

export function preview(app, voice) {
  const code = voice.language || voice.languages[0];
  const name = app.catalogue.languages.find((each) => each.code === code)?.name;
  const text = app.samples[name] ?? app.samples.Auto;
  app.speak({ text, title: prettyName(voice), isKept: false, options: { voice: voice.id, language: code } });
}

export function voicePicker(app) {
  let filter = "all";
  const search = h("input", { type: "search", tLabel: "voice.search", tPlaceholder: "voice.search", oninput: () => draw() });
  const filters = ["all", "favourites", "own"].map((name) =>
    h("button.chip", { type: "button", t: `voice.${name}`, data: { filter: name }, onclick: () => { filter = name; draw(); } }));
  const list = h("ul.voices");
  const none = h("p.empty", { hidden: true });

  const favourites = () => new Set(recall("favourites", []));

  function matches(voice) {
    if (filter === "favourites" && !favourites().has(voice.id)) return false;
    if (filter === "own" && voice.kind === "preset") return false;
    const spoken = (voice.languages ?? []).map(languageName).join(" ");
    const words = `${voice.id} ${prettyName(voice)} ${descriptionOf(voice)} ${spoken}`.toLowerCase();
    return search.value.toLowerCase().split(/\s+/).every((word) => words.includes(word));
  }

  function star(voice) {
    const node = iconButton("star", "voice.favourite", () => {
      const marked = favourites();
      if (!marked.delete(voice.id)) marked.add(voice.id);
      remember("favourites", [...marked]);
      node.setAttribute("aria-pressed", String(marked.has(voice.id)));
      if (filter === "favourites") draw();
    }, { "aria-pressed": String(favourites().has(voice.id)) });
    node.classList.add("star");
    node.setAttribute("aria-label", t("voice.favourite-of", { name: prettyName(voice) }));
    return node;
  }

  function item(voice) {
    const id = voice?.id ?? "";
    const name = voice ? prettyName(voice) : t("voice.auto");
    const isThere = !voice || voice.available;
    const input = h("input", { type: "radio", name: "voice", value: id, checked: app.voice === id, disabled: !isThere, onchange: () => { app.voice = id; } });
    const about = !voice ? t("voice.auto-about") : isThere ? descriptionOf(voice) : t("voice.silent");
    const first = voice?.languages?.[0] ?? voice?.language;
    const meta = voice && h("span.meta", {},
      first && h("span.tag", { textContent: languageName(first) }),
      (voice.languages?.length ?? 0) > 1 && h("span.tag", { textContent: `+${voice.languages.length - 1}` }),
      voice.gender && h("span.tag", { t: `gender.${voice.gender}` }),
      voice.kind !== "preset" && h("span.tag.own", { t: `kind.${voice.kind}` }));
    const play = voice && isThere && iconButton("play", "voice.preview", () => preview(app, voice));
    if (play) play.setAttribute("aria-label", t("voice.preview-of", { name }));
    return h("li.voice", {}, h("label", {}, input, avatar(id, name), h("span.voice-words", {}, h("strong", { textContent: name }), h("span.about", { textContent: about }), meta)),
      voice && h("span.voice-actions", {}, play, star(voice)));
  }

  function draw() {
    for (const chip of filters) chip.setAttribute("aria-pressed", String(chip.dataset.filter === filter));
    if (app.catalogue === null) return;
    const shown = app.catalogue.voices.filter(matches);
    const auto = filter === "all" && !search.value ? [item(null)] : [];
    list.replaceChildren(...auto, ...shown.map(item));
    none.hidden = shown.length > 0 || auto.length > 0;
    none.textContent = t(filter === "favourites" ? "voice.no-favourites" : filter === "own" ? "voice.no-own" : "voice.none");
  }

  app.on("voices", draw);
  app.on("voice", () => list.querySelectorAll("input").forEach((input) => { input.checked = input.value === app.voice; }));
  onLanguage(draw);
  return h("fieldset.card.picker", {}, h("legend", { t: "voice.title" }), h("div.picker-tools", {}, h("div.search", {}, icon("search"), search), h("div.chips", {}, ...filters)), list, none);
}

export function voiceSelect(app) {
  const select = h("select", { onchange: () => { app.voice = select.value; } });
  const draw = () => {
    const voices = (app.catalogue?.voices ?? []).filter((voice) => voice.available);
    select.replaceChildren(h("option", { value: "", t: "voice.auto" }), ...voices.map((voice) => h("option", { value: voice.id, textContent: `${prettyName(voice)} – ${descriptionOf(voice)}` })));
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
