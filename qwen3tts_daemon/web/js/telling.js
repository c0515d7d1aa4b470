// What the page tells its visitor. Each kind has one place and one life:
// - news: a toast, which goes by itself, or when other news comes
// - an error: a red toast, which stays until it is closed, or over
// - a hint: neutral words at the field that they are about, until something is typed there
// What became of the utterance in the player is told there (notice.js), and why a button does nothing beside it (dom.js).

import { announce } from "./announcer.js";
import { button, detailOf, h, iconButton, say } from "./dom.js";

const NEWS_MS = 6_000;
/** Who is offered to take something back has longer. */
const ACTION_MS = 12_000;

export class Toasts {
  #shown = new Map();

  constructor(news, errors) {
    Object.assign(this, { news, errors });
  }

  /** `topic`: what it is about; one toast of each. `detail`: in English. `action`: [words, what they do] */
  tell(key, values, { topic = "", isError = false, detail = "", action } = {}) {
    const name = topic || (isError ? "error" : "news");
    this.over(name);
    const words = h("p");
    say(words, key, "t", values);
    const toast = h("div.toast", { data: { kind: isError ? "error" : "news" } },
      h("div", {}, words, detail && detailOf(detail)),
      action && button(null, action[0], () => { this.over(name); action[1](); }, "quiet"),
      iconButton("close", "close", () => this.over(name)));
    const timer = isError ? null : setTimeout(() => this.over(name), action ? ACTION_MS : NEWS_MS);
    this.#shown.set(name, { toast, timer });
    (isError ? this.errors : this.news).append(toast);
    announce(words.textContent);
  }

  /** What was told of this topic is so no longer. */
  over(topic) {
    const { toast, timer } = this.#shown.get(topic) ?? {};
    clearTimeout(timer);
    toast?.remove();
    this.#shown.delete(topic);
  }
}

const hints = new WeakMap();
let count = 0;

/** Tell what a field wants, at the field; the visitor is taken there. */
export function hint(control, key, values) {
  if (!hints.has(control)) hints.set(control, hintOf(control));
  const words = hints.get(control);
  say(words, key, "t", values);
  words.hidden = false;
  control.focus();
}

function hintOf(control) {
  const words = h("span.hint.asked", { id: `hint-${++count}`, hidden: true });
  control.setAttribute("aria-describedby", words.id);
  for (const event of ["input", "change"]) control.addEventListener(event, () => { words.hidden = true; });
  (control.closest(".paper, .field, .check") ?? control).after(words);
  return words;
}
