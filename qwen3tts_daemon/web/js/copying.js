// Text onto the clipboard, also on plain http, where browsers have an older way only.

import { h, say } from "./dom.js";

/** `from`: the button in a dialog that was pressed; its words tell that it is done. */
export async function copyText(text, from) {
  if (navigator.clipboard) await navigator.clipboard.writeText(text).catch(() => {});
  else {
    const area = h("textarea.unseen", { value: text, readOnly: true, "aria-hidden": "true" });
    from.closest("dialog").append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say(from.querySelector("span"), "code.copied");
}
