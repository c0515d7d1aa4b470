// The clipboard, also where plain http gives a page none.

import { button, h, say } from "./dom.js";

export function copyButton(text) {
  return button("code", "code.copy", (event) => copy(text, event.currentTarget));
}

async function copy(text, from) {
  if (navigator.clipboard) await navigator.clipboard.writeText(text).catch(() => {});
  else {
    const area = h("textarea.unseen", { value: text, readOnly: true, "aria-hidden": "true" });
    (from.closest("dialog") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say(from.querySelector("span"), "code.copied");
}
