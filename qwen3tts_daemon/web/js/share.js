// A link to what was said, for somebody who was not here: the daemon makes it once more and keeps it for a while.

import { call } from "./api.js";
import { copyButton } from "./clipboard.js";
import { button, dialog, h } from "./dom.js";
import { language, t } from "./i18n.js";
import { speechBody } from "./snippets.js";

const FORMAT = "mp3";
/** A day: the most that a link can be good for. */
const LIFETIME_S = 86_400;
const MINUTE_MS = 60_000;

/** A key of words, or "": a text that anybody can have spoken once more. */
export function whyNotShared({ text, options, sound }) {
  if (!sound.length) return "why.no-sound";
  return text && options.mode !== "design" ? "" : "why.take-only";
}

export async function shareClip(app, utterance) {
  let clip;
  try {
    clip = await (await call("v1/audio/clips", { json: { ...speechBody(utterance, FORMAT), qr: true, expires_in_s: LIFETIME_S } })).json();
  } catch (error) {
    return app.fail(error);
  }
  return dialog("share.title", (close) => {
    const link = h("input", { type: "text", readOnly: true, value: clip.url, tLabel: "share.link", onfocus: () => link.select() });
    const send = navigator.share && button("share", "share.send", () => navigator.share({ title: utterance.title, text: utterance.text, url: clip.url }).catch(() => {}), "primary");
    return [
      h("p", { textContent: t("share.until", untilWhen(new Date(clip.expires_at))) }),
      link, h("img.qr", { src: clip.qr, alt: t("share.qr") }),
      h("p.hint", { t: isOfThisMachine(clip.url) ? "share.here" : "share.anybody" }),
      h("p.actions", {}, button(null, "close", () => close()), copyButton(clip.url), send),
    ];
  });
}

/** How long and until when, in the page's language. */
export function untilWhen(end, now = Date.now()) {
  const minutes = Math.max(1, Math.round((end - now) / MINUTE_MS));
  const [count, unit] = minutes < 120 ? [minutes, "minute"] : [Math.round(minutes / 60), "hour"];
  const length = new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "long" }).format(count);
  const at = end.toLocaleString(language(), { hour: "numeric", minute: "2-digit", ...(minutes > 720 ? { weekday: "long" } : {}) });
  return { length, at };
}

/** Nobody else's player finds the daemon there. */
export const isOfThisMachine = (url) => /^(127\.|localhost$|\[::1\]$)/.test(new URL(url).hostname);
