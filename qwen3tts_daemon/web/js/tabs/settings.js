// Settings: those of the daemon, for everyone, and those of this browser.

import { call, get } from "../api.js";
import { button, card, field, h, option } from "../dom.js";
import { onLanguage, t } from "../i18n.js";
import { lexiconCard } from "../lexicon.js";
import { askToPair } from "../pairing.js";
import { keptPhrases } from "../phrases.js";
import { settingField } from "../setting-field.js";
import { recall, remember } from "../settings.js";

const PATH = "v1/settings";
const CONFIG_OPTION = "--config config.toml";
const NUMBERS = { daemon: "", on: true, off: false };
/** By the first part of a name; whatever else there is comes last. */
const GROUPS = { voices: ["voice", "language", "voices"], speech: ["speech", "phrases"], more: [] };

const groupOf = ({ name }) => Object.keys(GROUPS).find((group) => GROUPS[group].includes(name.split(".")[0])) ?? "more";

export function settingsTab(app) {
  const everyone = h("div.stack");
  const lexicon = lexiconCard(app);
  let told = null;

  async function load() {
    try {
      const { paired } = await get("v1/session");
      lexicon.node.hidden = !paired;
      if (paired) show(await get(PATH));
      else showLocked();
      if (paired) await lexicon.load();
    } catch (error) {
      app.fail(error);
    }
  }

  function showLocked() {
    told = null;
    everyone.replaceChildren(h("p.hint", { t: "settings.locked" }),
      h("p.actions", {}, button("lock", "pair.open", async () => (await askToPair(app)) && load(), "primary")));
  }

  function show(answer) {
    told = answer;
    const { file, settings } = answer;
    const shown = Object.keys(GROUPS).map((group) => [group, settings.filter((setting) => groupOf(setting) === group)]);
    everyone.replaceChildren(
      ...(file.state === "writable" ? [] : [ofFile(file)]),
      ...shown.filter(([, fields]) => fields.length).map(([group, fields]) =>
        h("section.stack", {}, h("h3", { t: `settings.group-${group}` }), ...fields.map((setting) => settingField(app, setting, save, file.state === "writable")),
          group === "speech" && keptPhrases(app))));
  }

  /** The setting as it is then; undefined if the visitor would not be paired. Raises what is wrong with the value. */
  async function save(name, value) {
    const answer = await app.attempt(async () => (await call(PATH, { method: "PATCH", json: { [name]: value } })).json());
    if (!answer) return undefined;
    told = answer;
    await app.loadVoices();
    return answer.settings.find((setting) => setting.name === name);
  }

  app.tabs.panels.addEventListener("tab", ({ detail }) => detail === "settings" && load());
  onLanguage(() => told && show(told));
  return h("div.split", {},
    card("settings.everyone", h("p.hint", { t: "settings.everyone-about" }), everyone),
    h("div.stack", {}, lexicon.node, ofThisBrowser(app), card("settings.keyboard", keyboard()), card("settings.links", links())));
}

/** Why changes are not kept; what is typed, or a path, stands there as it is. */
function ofFile({ state, path }) {
  const [before, after] = t(`settings.file-${state}`, { path: "\n" }).split("\n");
  return h("p.hint", {}, before, path ? h("code", { textContent: path }) : h("code.whole", { textContent: CONFIG_OPTION }), after);
}

function ofThisBrowser(app) {
  const theme = h("select", { onchange: () => { remember("theme", theme.value); document.dispatchEvent(new Event("theme")); } },
    option("", "", "settings.theme-auto"), option("dark", "", "settings.theme-dark"), option("light", "", "settings.theme-light"));
  theme.value = recall("theme", "");
  const numbers = h("select", { onchange: () => { app.reading = NUMBERS[numbers.value]; } }, ...Object.keys(NUMBERS).map((name) => option(name, "", `settings.numbers-${name}`)));
  numbers.value = Object.keys(NUMBERS).find((name) => NUMBERS[name] === recall("numbers", ""));
  return card("settings.browser", field("settings.theme", theme), field("settings.numbers", numbers));
}

function keyboard() {
  const key = (...names) => names.flatMap((name, i) => [i ? " " : "", h("kbd", { textContent: name })]);
  return h("ul.keyboard", {},
    ...[[["Ctrl", "Enter"], "keys.speak"], [["Esc"], "keys.stop"], [["←", "→"], "keys.tabs"], [["←", "→"], "keys.seek"]]
      .map(([names, words]) => h("li", {}, h("span", {}, ...key(...names)), " ", h("span", { t: words }))));
}

function links() {
  const link = (href, words) => h("a", { href, t: words });
  return h("p.actions", {}, link("docs", "settings.docs"), link("metrics", "settings.metrics"), link("health", "settings.health"));
}
