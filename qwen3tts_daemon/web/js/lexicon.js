// How words are said: the household's list, changed, heard and taken back.

import { call, get, given } from "./api.js";
import { actOn, audible, button, card, detailOf, dialog, field, h, option, renew } from "./dom.js";
import { errorKey, languageName, onLanguage, t } from "./i18n.js";
import { voiceOptions } from "./setting-field.js";
import { ssmlOf } from "./word-ssml.js";

const PATH = "v1/lexicon";
const KEY = ["written", "language", "voice"];

const keyOf = (entry) => Object.fromEntries(KEY.map((name) => [name, entry[name]]));
const isSame = (one, other) => KEY.every((name) => one[name] === other[name]);
const saidOf = ({ say, pinyin, ipa }) => say || pinyin || `/${ipa}/`;

/** `{ node, load }`: the card, and what fills it for a visitor who may see it. */
export function lexiconCard(app) {
  const list = h("ul.rows");
  const none = h("p.empty", { t: "lexicon.none" });
  const problem = h("div", { hidden: true });
  let told = null;

  async function load() {
    told = await get(PATH);
    draw();
  }

  function draw() {
    if (!told) return;
    renew(list, told.entries.map(row), node);
    none.hidden = told.entries.length > 0;
    problem.hidden = !told.problem;
    problem.replaceChildren(...(told.problem ? [h("p.wrong", { textContent: t("lexicon.problem", { line: told.problem.line ?? "?", path: told.path }) }), detailOf(told.problem.message)] : []));
  }

  function row(entry) {
    const act = (drawing, key, action) => actOn(drawing, key, { word: entry.written }, action);
    const about = [entry.language ? languageName(entry.language) : t("voice.any-language"), entry.voice && app.nameOf(entry.voice)];
    return h("li.row", {}, h("span.voice-words", {},
      h("span.excerpt", { dir: "auto" }, h("strong", { textContent: entry.written }), ` → ${saidOf(entry)}`),
      h("span.about", { textContent: about.filter(Boolean).join(" · ") })),
    h("span.row-actions", {}, audible(act("play", "lexicon.hear", () => hear(entry))),
      act("design", "lexicon.edit", () => edit(entry)), act("trash", "lexicon.remove", () => remove(entry))));
  }

  function hear(entry) {
    const language = entry.language || (entry.pinyin && !entry.say ? "zh" : "");
    const options = given({ voice: entry.voice || app.voice, language });
    return app.unlocked(() => app.speak({ text: ssmlOf(entry, app.catalogue.preview), title: entry.written, isKept: false, options: { ...options, text_format: "ssml" } }));
  }

  const put = (entry) => call(PATH, { method: "PUT", json: entry });
  const take = (entry) => call(`${PATH}?${new URLSearchParams(keyOf(entry))}`, { method: "DELETE" });

  async function remove(entry) {
    if (!(await app.manage(() => take(entry)))) return;
    await load();
    app.tell("lexicon.removed", { word: entry.written }, { action: ["undo", async () => (await app.manage(() => put(entry))) && load()] });
  }

  /** Raises what is wrong with the entry; false if the visitor would not be paired. */
  async function save(entry, before) {
    if (!(await app.attempt(() => put(entry)))) return false;
    if (before && !isSame(before, entry)) await take(before);
    await load();
    return true;
  }

  const edit = (before) => dialog("lexicon.word-title", (close) => entryForm(app, before, { hear, close, save: (entry) => save(entry, before) }));

  const node = card("lexicon.title", h("p.hint", { t: "lexicon.about" }), problem, list, none, h("p.actions", {}, button(null, "lexicon.add", () => edit())));
  app.on("voices", draw);
  onLanguage(draw);
  return { node, load };
}

function entryForm(app, before, { hear, save, close }) {
  const text = (name, maxLength, props = {}) => h("input", { type: "text", name, maxLength, value: before?.[name] ?? "", dir: "auto", autocomplete: "off", ...props });
  const choice = (name, options) => {
    const select = h("select", { name }, ...options);
    select.value = before?.[name] ?? "";
    return select;
  };
  const wrong = h("p.wrong", { role: "alert" });
  const { languages = [] } = app.catalogue ?? {};
  const entryNow = () => Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
  const isSaid = ({ written, say, pinyin, ipa }) => Boolean(written && (say || pinyin || ipa));

  async function whenSaid(action) {
    const entry = entryNow();
    wrong.replaceChildren(isSaid(entry) ? "" : t("lexicon.missing"));
    if (!isSaid(entry)) return;
    try {
      await action(entry);
    } catch (error) {
      wrong.replaceChildren(t(errorKey(error)), " ", h("span.detail", { textContent: error.message, lang: "en" }));
    }
  }

  const submit = (event) => {
    event.preventDefault();
    whenSaid(async (entry) => (await save(entry)) && close(true));
  };
  const form = h("form", { onsubmit: submit },
    field("lexicon.word", text("written", 80, { autofocus: true })), field("lexicon.say", text("say", 200), "lexicon.say-about"),
    h("div.split", {}, field("voice.language", choice("language", [option("", "", "voice.any-language"), ...languages.map(({ code }) => option(code, languageName(code)))])),
      field("lexicon.voice", choice("voice", [option("", "", "lexicon.any-voice"), ...voiceOptions(app, before?.voice)]))),
    h("details", { open: Boolean(before?.pinyin || before?.ipa) }, h("summary", { t: "lexicon.more" }),
      h("div.stack", {}, field("lexicon.pinyin", text("pinyin", 200), "lexicon.pinyin-about"), field("lexicon.ipa", text("ipa", 100), "lexicon.ipa-about"))),
    wrong,
    h("p.actions", {}, audible(button("play", "lexicon.go", () => whenSaid(hear))), button(null, "cancel", () => close()), h("button.primary", { t: "lexicon.save" })));
  return form;
}
