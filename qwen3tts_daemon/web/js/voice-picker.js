// Voice cards: choose, try, search, favour. A card is one stop of the Tab key; arrows go on from it.

import { audible, h, icon, iconButton, renew } from "./dom.js";
import { languageName, onLanguage, t } from "./i18n.js";
import { preview } from "./preview.js";
import { recall, remember } from "./settings.js";
import { gendersOf, languagesOf, listed } from "./voice-search.js";
import { avatar, descriptionOf, prettyName, twins } from "./voices.js";

const CHIPS = ["all", "favourites", "own"];
const NOBODY = { favourites: "voice.no-favourites", own: "voice.no-own", all: "voice.none" };

export function voicePicker(app) {
  let chosen = "all";
  const search = h("input", { type: "search", tLabel: "voice.search", tPlaceholder: "voice.search", oninput: () => draw() });
  const spoken = h("select", { tLabel: "voice.language", onchange: () => draw() });
  const gender = h("select", { tLabel: "voice.gender", onchange: () => draw() });
  const chips = CHIPS.map((name) => h("button.chip", { type: "button", t: `voice.${name}`, data: { filter: name }, onclick: () => { chosen = name; draw(); } }));
  const list = h("ul.voices", { onkeydown: move });
  const none = h("p.empty", { hidden: true });

  const favourites = () => new Set(recall("favourites", []));
  const isOfChip = { all: () => true, favourites: (voice) => favourites().has(voice.id), own: (voice) => voice.kind !== "preset" };

  function star(voice, name) {
    const node = iconButton("star", "voice.favourite", () => {
      const marked = favourites();
      if (!marked.delete(voice.id)) marked.add(voice.id);
      remember("favourites", [...marked]);
      node.setAttribute("aria-pressed", String(marked.has(voice.id)));
      if (chosen === "favourites") draw();
    }, { "aria-pressed": String(favourites().has(voice.id)), tabIndex: -1 });
    node.classList.add("star");
    node.setAttribute("aria-label", t("voice.favourite-of", { name }));
    return node;
  }

  function words(voice, isTwin) {
    const [first, ...others] = voice.languages ?? [voice.language];
    return h("span.meta", {},
      first && h("span.tag", { textContent: languageName(first) }),
      others.length > 0 && h("span.tag", { textContent: `+${others.length}` }),
      voice.gender && h("span.tag", { t: `gender.${voice.gender}` }),
      voice.kind !== "preset" && h("span.tag.own", { t: `kind.${voice.kind}` }),
      isTwin && h("span.tag", { textContent: voice.id }));
  }

  function item(voice, isTwin = false) {
    const id = voice?.id ?? "";
    const name = voice ? prettyName(voice) : t("voice.auto");
    const isThere = !voice || voice.available;
    const input = h("input", { type: "radio", name: "voice", value: id, checked: app.voice === id, disabled: !isThere, onchange: () => { app.voice = id; } });
    const about = !voice ? t("voice.auto-about") : isThere ? descriptionOf(voice) : t("voice.silent");
    const play = voice && isThere && audible(iconButton("play", "voice.preview", () => preview(app, voice), { tabIndex: -1 }));
    if (play) play.setAttribute("aria-label", t("voice.preview-of", { name }));
    return h("li.voice", {},
      h("label", {}, input, avatar(id, name), h("span.voice-words", {},
        h("strong", { textContent: name, dir: "auto" }), h("span.about", { textContent: about, dir: "auto" }), voice && words(voice, isTwin))),
      voice && h("span.voice-actions", {}, play, star(voice, name)));
  }

  /** Left and right within a card, up and down between the same buttons of all; between radios that is the browser's own. */
  function move(event) {
    const { target, key } = event;
    const way = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[key];
    const isAcross = key === "ArrowRight" || key === "ArrowLeft";
    if (!way || (!isAcross && target.matches("input"))) return;
    const kind = target.matches(".star") ? ".star" : "button:not(.star)";
    const line = isAcross ? target.closest(".voice").querySelectorAll("input:enabled, button") : list.querySelectorAll(kind);
    event.preventDefault();
    line[[...line].indexOf(target) + way]?.focus();
  }

  function drawChoices(select, anyKey, values, nameOf) {
    const kept = select.value;
    select.replaceChildren(h("option", { value: "", t: anyKey }), ...values.map((value) => h("option", { value, textContent: nameOf(value) })));
    select.value = values.includes(kept) ? kept : "";
    select.hidden = values.length < 2;
  }

  function drawAll() {
    const voices = app.catalogue?.voices ?? [];
    drawChoices(spoken, "voice.any-language", languagesOf(voices), languageName);
    drawChoices(gender, "voice.any-gender", gendersOf(voices), (value) => t(`gender.${value}`));
    draw();
  }

  function draw() {
    for (const chip of chips) chip.setAttribute("aria-pressed", String(chip.dataset.filter === chosen));
    if (app.catalogue === null) return;
    const { voices } = app.catalogue;
    const alike = twins(voices);
    const shown = listed(voices.filter(isOfChip[chosen]), { words: search.value, spoken: spoken.value, gender: gender.value });
    const auto = chosen === "all" && !search.value && !spoken.value && !gender.value ? [item(null)] : [];
    renew(list, [...auto, ...shown.map((voice) => item(voice, alike.has(voice.id)))]);
    none.hidden = shown.length > 0 || auto.length > 0;
    none.textContent = t(voices.some(isOfChip[chosen]) ? "voice.none" : NOBODY[chosen]);
  }

  app.on("voices", drawAll);
  app.on("voice", () => list.querySelectorAll("input").forEach((input) => { input.checked = input.value === app.voice; }));
  onLanguage(drawAll);
  return h("fieldset.card.picker", {}, h("legend", { t: "voice.title" }),
    h("div.picker-tools", {}, h("div.search", {}, icon("search"), search), h("div.narrow", {}, spoken, gender), h("div.chips", {}, ...chips)), list, none);
}
