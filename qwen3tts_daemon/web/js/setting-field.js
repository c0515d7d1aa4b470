// One setting of the daemon as a field: a control of its kind, what came of a change, and where its value comes from.

import { copyButton } from "./clipboard.js";
import { actOn, button, detailOf, h, option } from "./dom.js";
import { errorKey, has, languageName, number, t } from "./i18n.js";
import { prettyName } from "./voices.js";

const FRAMES = { switch: "label.check", table: "fieldset.field", texts: "fieldset.field" };
const ALIAS = { name: "settings.alias", remove: "settings.alias-remove", add: "settings.alias-add" };
const STYLE = { name: "settings.style", remove: "settings.style-remove", add: "settings.style-add" };

/**
 * `save(name, value)` resolves with the setting as it is then, or raises; null is the default again.
 * `isKept`: there is a file that can be written.
 */
export function settingField(app, setting, save, isKept) {
  const notes = h("div.notes");
  const told = h("p.told", { role: "status" });
  const wrong = h("p.wrong", { role: "alert" });
  const control = CONTROLS[setting.kind](app, setting, change);
  const [title, about] = wordsOf(setting);
  const parts = setting.kind === "switch" ? [control, h("span.voice-words", {}, title, about)] : [title, control, about];
  // The notes say why nothing can be changed, in sight.
  const isFixed = setting.is_locked || !(setting.at_once || isKept);
  const node = h("fieldset.setting", { data: { setting: setting.name }, disabled: isFixed }, h(FRAMES[setting.kind] ?? "label.field", {}, ...parts), told, wrong, notes);
  showNotes(setting);

  async function change(value, problem = "") {
    told.textContent = "";
    wrong.textContent = problem;
    if (problem) return;
    try {
      const now = await save(setting.name, value);
      if (!now) return;
      setting = now;
      showNotes(now);
      told.textContent = t("settings.saved");
      if (value !== null) return;
      const drawn = settingField(app, now, save, isKept);
      node.replaceWith(drawn);
      drawn.querySelector("input, select, button").focus();
    } catch (error) {
      wrong.replaceChildren(t(errorKey(error)), detailOf(error.message));
      if (control.matches("select")) control.value = setting.value ?? "";
      if (control.matches("[type=checkbox]")) control.checked = setting.value;
    }
  }

  function showNotes({ origin, variable, is_locked: isLocked, at_once: isAtOnce, toml }) {
    notes.replaceChildren(...[
      isLocked && h("p.hint", { textContent: t(`settings.by-${origin.replace(" ", "-")}`, { variable }) }),
      !isAtOnce && h("p.hint", { t: isKept ? "settings.late" : "settings.late-needs-file" }),
      origin === "page" && h("p.hint", { t: "settings.until-restart" }),
      origin === "page" && h("div.lines", {}, h("pre", { textContent: toml }), copyButton(toml)),
      ["file", "page"].includes(origin) && h("p.actions", {}, button("replay", "settings.default", () => change(null), "quiet")),
    ].filter(Boolean));
  }

  return node;
}

/** In the page's language; the daemon's own where it has a setting that the page does not know. */
function wordsOf({ name, kind, about }) {
  const key = `setting.${name}`;
  const title = FRAMES[kind] === "fieldset.field" ? "legend.label" : "span.label";
  if (!has(key)) return [h(title, { textContent: name }), h("span.hint", { textContent: about, lang: "en" })];
  return [h(title, { t: key }), has(`${key}-about`) && h("span.hint", { t: `${key}-about` })];
}

const CONTROLS = {
  switch: (app, { value }, change) => h("input", { type: "checkbox", role: "switch", checked: value, onchange: ({ target }) => change(target.checked) }),
  number: (app, { value, minimum, maximum, is_whole: isWhole }, change) => h("input", {
    type: "number", inputMode: "decimal", value, min: minimum ?? "", max: maximum ?? "", step: isWhole ? 1 : "any",
    onchange: ({ target }) => change(target.value === "" ? null : target.valueAsNumber, target.checkValidity() ? "" : range(minimum, maximum)),
  }),
  choice: (app, { name, value, choices }, change) => {
    const words = (choice) => `setting.${name}-${choice}`;
    return select(choices.map((choice) => option(choice, choice, has(words(choice)) ? words(choice) : undefined)), value, change);
  },
  language: (app, { value, choices }, change) => select(choices.map((code) => option(code, languageName(code))), value, change),
  voice: (app, { value }, change) => select([option("", "", "voice.auto"), ...voiceOptions(app, value)], value ?? "", (voice) => change(voice || null)),
  text: (app, { value }, change) => h("input", { type: "text", value, dir: "auto", onchange: ({ target }) => change(target.value) }),
  table: (app, setting, change) => nameRows(setting, change, ALIAS, (name, voice, save) => {
    const chosen = select([option("", "", "settings.alias-voice"), ...voiceOptions(app, voice)], voice, save);
    chosen.setAttribute("aria-label", t("settings.alias-of", { name }));
    return chosen;
  }),
  texts: (app, setting, change) => nameRows(setting, change, STYLE, (name, text, save) =>
    h("input", { type: "text", value: text, maxLength: 500, tLabel: "settings.style-text", tPlaceholder: "settings.style-text", dir: "auto", onchange: save }), true),
};

const range = (low, high) => t(high === null ? "settings.at-least" : "settings.between", { low: number(low ?? 0), high: number(high ?? 0) });

function select(options, value, change) {
  const node = h("select", { onchange: () => change(node.value) }, ...options);
  node.value = value;
  return node;
}

/** The voices that can speak, and the one that is set even if it cannot. */
export function voiceOptions(app, value) {
  const voices = (app.catalogue?.voices ?? []).filter((voice) => voice.available);
  const isThere = !value || voices.some((voice) => voice.id === value);
  return [...(isThere ? [] : [option(value, value)]), ...voices.map((voice) => option(voice.id, prettyName(voice)))];
}

/** Names, each with what it stands for; `mayBeEmpty`: that may be nothing. */
function nameRows({ value }, change, words, control, mayBeEmpty = false) {
  const rows = h("ul.rows");
  const save = () => change(Object.fromEntries([...rows.children].map((row) => row.pair()).filter(([name, one]) => name && (one || mayBeEmpty))));

  function add(name, one) {
    const input = h("input", { type: "text", value: name, maxLength: 80, tLabel: words.name, tPlaceholder: words.name, dir: "auto", onchange: save });
    const meant = control(name, one, save);
    const row = h("li.row", {}, input, meant, actOn("trash", words.remove, { name }, () => {
      row.remove();
      more.focus();
      save();
    }));
    row.pair = () => [input.value.trim(), meant.value.trim()];
    rows.append(row);
    return input;
  }

  for (const [name, one] of Object.entries(value)) add(name, one);
  const more = button(null, words.add, () => add("", "").focus());
  return h("div.stack", {}, rows, h("p.actions", {}, more));
}
