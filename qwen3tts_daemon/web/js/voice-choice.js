// Where a voice is chosen: beside the text, or in a sheet that a chip opens where there is no room beside it.

import { h, icon, iconButton, showModal } from "./dom.js";
import { onLanguage, translate } from "./i18n.js";
import { voicePicker } from "./voice-picker.js";
import { avatar } from "./voices.js";

/** `chip` belongs beside Speak, `place` beside the text; one of the two is shown. */
export function voiceChoice(app) {
  const narrow = matchMedia("(max-width: 60rem)"); // as in style.css
  const picker = voicePicker(app);
  const sheet = h("dialog.sheet", { tLabel: "voice.title" }, iconButton("close", "close", () => sheet.close()));
  const place = h("div");
  const name = h("strong", { dir: "auto" });
  const chip = h("button.voice-chip", { type: "button", "aria-haspopup": "dialog", onclick: open });

  function open() {
    showModal(sheet);
    picker.querySelector("input[type=radio]:checked")?.focus();
  }

  function arrange() {
    chip.hidden = !narrow.matches;
    if (!narrow.matches) sheet.close();
    (narrow.matches ? sheet : place).append(picker);
  }

  function draw() {
    name.textContent = app.nameOf(app.voice);
    chip.replaceChildren(avatar(app.voice, name.textContent), h("span", {}, h("span.label", { t: "voice.title" }), " ", name), icon("down"));
  }

  // Arrow keys go through the voices; a finger, or Enter, has chosen.
  picker.addEventListener("click", (event) => event.detail > 0 && event.target.closest("label") && sheet.close());
  picker.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input[type=radio]")) return;
    event.preventDefault();
    sheet.close();
  });
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  narrow.addEventListener("change", arrange);
  for (const event of ["voices", "voice"]) app.on(event, draw);
  onLanguage(() => {
    translate(sheet); // it is no part of the document while it is closed
    draw();
  });
  arrange();
  return { chip, place };
}
