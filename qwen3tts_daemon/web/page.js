// The page of the daemon: its tabs, in their order.

import { start } from "./js/app.js";
import { cloneTab } from "./js/tabs/clone.js";
import { codecTab } from "./js/tabs/codec.js";
import { designTab } from "./js/tabs/design.js";
import { historyTab } from "./js/tabs/history.js";
import { liveTab } from "./js/tabs/live.js";
import { speakTab } from "./js/tabs/speak.js";
import { statusTab } from "./js/tabs/status.js";
import { whenOpened } from "./js/tabs.js";

const settingsTab = whenOpened("settings", async () => (await import("./js/tabs/settings.js")).settingsTab);

await start([
  ["speak", speakTab], ["design", designTab], ["clone", cloneTab], ["live", liveTab], ["codec", codecTab],
  ["history", historyTab], ["settings", settingsTab], ["status", statusTab],
]);
