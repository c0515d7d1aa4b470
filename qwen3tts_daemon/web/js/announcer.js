// What a screen reader says by itself. There is one region for it, and of an utterance it says no more than
// that it starts, is heard, and is done, or what went wrong (notice.js).

import { t } from "./i18n.js";

export function announce(words) {
  document.getElementById("announcer").textContent = words;
}

export function tellStory(app) {
  let told = null;
  app.on("utterance", (utterance) => {
    if (utterance === told) return;
    told = utterance;
    if (utterance.isRunning) announce(t("story.starting"));
  });
  const goOn = (key) => !told?.error && announce(t(key));
  app.player.on("first", () => goOn("story.speaking"));
  app.player.on("end", () => goOn("story.done"));
}
