// What will be said of a text, segment by segment, before any sound.

import { call } from "./api.js";
import { detailOf, h, say } from "./dom.js";
import { errorKey, languageName, onLanguage, t } from "./i18n.js";
import { recall, remember } from "./settings.js";

const PAUSE_MS = 400;
/** Of a daemon, or of a proxy before it, that has no such route. */
const NO_ROUTE = ["not_found", "method_not_allowed"];

/** Asks once nothing has changed for a while; what a newer question has overtaken is given up and never shown. */
export class Question {
  #timer = null;
  #asking = null;

  /** `ask(signal)` gives or throws what `show` is called with. */
  constructor(ask, show) {
    Object.assign(this, { ask, show });
  }

  drop() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  again() {
    this.drop();
    this.#timer = setTimeout(() => this.#go(), PAUSE_MS);
  }

  async #go() {
    const { signal } = (this.#asking = new AbortController());
    const answer = await this.ask(signal).catch((error) => error);
    if (!signal.aborted) this.show(answer);
  }
}

/** `{ node, refresh }`; `body()` is what the daemon is asked, and `refresh` tells that it has changed. */
export function spokenView(app, body) {
  const note = h("p");
  const list = h("ol");
  const box = h("div.spoken", { tabIndex: 0, role: "region", tLabel: "spoken.title" }, note, list);
  const node = h("details", { open: recall("spoken", false), ontoggle: () => {
    remember("spoken", node.open);
    refresh();
  } }, h("summary", { t: "spoken.title" }), box);

  async function ask(signal) {
    const json = body();
    return json.input.trim() ? (await call("v1/text/spoken", { json, signal })).json() : null;
  }

  function show(answer) {
    box.ariaBusy = "false";
    delete note.dataset.t;
    list.replaceChildren();
    note.className = answer instanceof Error ? "wrong" : "hint";
    if (answer === null) say(note, "speak.empty");
    else if (answer instanceof Error) showError(answer);
    else if (answer.segments.length === 0) say(note, "spoken.nothing");
    else showSegments(answer);
  }

  function showError(error) {
    node.hidden = NO_ROUTE.includes(error.code);
    note.replaceChildren(t(errorKey(error)), detailOf(error.message));
  }

  function showSegments({ language, segments }) {
    const words = `${t("speak.language")}: ${languageName(language)}`;
    if (note.textContent !== words) note.textContent = words; // or it would be read out again
    list.replaceChildren(...segments.map(({ text, spoken }) => h("li", {},
      h("p", { textContent: spoken, lang: language, dir: "auto" }),
      text !== spoken && h("p.hint", { textContent: t("spoken.written", { text }) }))));
  }

  const question = new Question(ask, show);

  function refresh() {
    node.hidden = false;
    if (!node.open || app.catalogue === null) return question.drop();
    box.ariaBusy = "true";
    return question.again();
  }

  for (const event of ["voice", "voices", "state", "reading"]) app.on(event, refresh);
  onLanguage(refresh);
  return { node, refresh };
}
