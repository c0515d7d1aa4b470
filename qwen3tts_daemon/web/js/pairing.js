// Pairing: this browser is allowed what needs the daemon's token.

import { pair } from "./api.js";
import { button, dialog, field, h } from "./dom.js";
import { t } from "./i18n.js";

/** Resolves with true once this browser is paired, else with what closed the dialog. */
export function askToPair(app) {
  return dialog("pair.title", (close) => {
    const token = h("input", { type: "password", autocomplete: "current-password", required: true, spellcheck: false });
    const wrong = h("p.wrong", { role: "alert" });
    const submit = async (event) => {
      event.preventDefault();
      try {
        await pair(token.value.trim());
        close(true);
        app.tell("pair.done");
        await app.begin();
      } catch (error) {
        wrong.textContent = error.code === "unauthorized" ? t("pair.wrong") : t(`error.${error.code}`);
      }
    };
    return h("form", { onsubmit: submit },
      h("p", { t: "pair.why" }), h("p.hint", { t: "pair.where" }),
      field("pair.token", token), wrong,
      h("p.actions", {}, button(null, "cancel", () => close(false)), h("button.primary", { t: "pair.go" })),
    );
  });
}
