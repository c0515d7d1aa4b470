// What is to be said of the utterance in the player, and the one thing that its listener can do about it.

import { announce } from "./announcer.js";
import { audible, button, detailOf, h, say } from "./dom.js";
import { errorKey, languageName, listOf, t } from "./i18n.js";

/** Of a mishap that may not come again: the same text is spoken once more. */
const AGAIN = [
  "closed", "unreachable", "queue_full", "model_loading", "model_unavailable", "out_of_memory", "draining", "slow_consumer",
  "timeout", "generation_failed", "no_end_of_speech", "internal", "rate_limited", "too_many_contexts",
];
/** With the same seed they would come again. */
export const NEW_SEED = ["generation_failed", "no_end_of_speech"];

/**
 * null, or {kind: "error" | "hint", key, values, detail, remedy: "other" | "again" | "pair" | "listen"}.
 * `voiceOf` gives {name, languages} of a voice; `isSilent`: the browser lets nothing be heard; `isOffline`: there is no
 * connection now.
 */
export function noticeOf(utterance, voiceOf, { isSilent = false, isOffline = false } = {}) {
  const { error, reason, warnings } = utterance;
  if (isSilent) return { kind: "hint", key: "notice.silent", remedy: "listen" };
  if (error?.code === "closed" && !isOffline) return { kind: "error", key: "notice.cut", remedy: "again" };
  if (error) return noticeOfError(error, utterance, voiceOf);
  const unread = warnings.find(({ code }) => code === "unread");
  if (unread) return withOther("hint", unread, "notice.unread", utterance, voiceOf);
  const guards = utterance.metrics?.guards ?? {};
  if (reason === "limit") return guards.length ? { kind: "hint", key: "notice.overran", remedy: "again" } : { kind: "hint", key: "speak.limit" };
  if (guards.silence) return { kind: "hint", key: "notice.hushed", remedy: "again" };
  if (warnings.some(({ code }) => code === "timeout")) return { kind: "hint", key: "live.timeout" };
  return null;
}

function noticeOfError(error, utterance, voiceOf) {
  const { code, message } = error;
  if (code === "unsupported_language") return withOther("error", error, "notice.speaks", utterance, voiceOf);
  const remedy = code === "unauthorized" ? "pair" : AGAIN.includes(code) ? "again" : undefined;
  return { kind: "error", key: errorKey(error), detail: message, remedy };
}

/** The words end in `-use` where another voice is offered. */
function withOther(kind, { instead, message }, key, { voice }, voiceOf) {
  const own = voiceOf(voice);
  const values = { voice: own?.name ?? "", languages: own ? listOf(own.languages.map((code) => languageName(code))) : "" };
  if (own === undefined) return { kind, key: "error.unsupported_language", detail: message };
  if (!instead) return { kind, key, values };
  return { kind, key: `${key}-use`, values: { ...values, other: voiceOf(instead.voice)?.name ?? instead.voice }, remedy: "other" };
}

/** The line in which it is told. */
export class NoticeLine {
  node = h("div.notice-line", { hidden: true });
  #shown = "";

  /** `act(remedy)` does what a listener asks for. What is shown already is not told again. */
  show(notice, act) {
    const told = JSON.stringify(notice);
    if (told === this.#shown) return;
    this.#shown = told;
    this.node.hidden = notice === null;
    this.node.replaceChildren(...(notice === null ? [] : partsOf(notice, act)));
    this.node.dataset.kind = notice?.kind ?? "";
    if (notice) announce(t(notice.key, notice.values));
  }
}

/** Who could read it is asked for in one sentence, which is the button. */
function partsOf({ key, values, detail, remedy }, act) {
  const isQuestion = remedy === "other";
  const words = isQuestion ? null : h("p");
  const go = remedy ? button(isQuestion ? "speak" : null, isQuestion ? key : remedy === "pair" ? "pair.open" : `notice.${remedy}`, () => act(remedy)) : null;
  if (go && remedy !== "pair") audible(go);
  say(words ?? go.querySelector("span"), key, "t", values);
  return [words, detail && detailOf(detail), go].filter(Boolean);
}
