// Sound that is kept so that it begins at once: how much of it there is, and a button that deletes it.

import { call, get } from "./api.js";
import { button, h, say } from "./dom.js";
import { number } from "./i18n.js";

const PATH = "v1/phrases";
const MB = 1e6;

export function keptPhrases(app) {
  const told = h("p.hint", { role: "status" });
  const clear = button("trash", "phrases.clear", async () => {
    const kept = await app.manage(async () => (await call(PATH, { method: "DELETE" })).json());
    if (kept) tell(kept);
  }, "quiet");

  function tell({ count, bytes }) {
    clear.hidden = !count;
    if (count) say(told, "phrases.kept", "t", { n: number(count), mb: number(bytes / MB, 1) });
    else say(told, "phrases.none");
  }

  get(PATH).then(tell, app.fail);
  return h("div.setting", {}, told, h("p.actions", {}, clear));
}
