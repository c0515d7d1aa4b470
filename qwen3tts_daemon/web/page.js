// The page of the daemon: its tabs, in their order. Those that few need are loaded when they are opened, to keep a visit light.

import { start } from "./js/app.js";
import { cloneTab } from "./js/tabs/clone.js";
import { designTab } from "./js/tabs/design.js";
import { historyTab } from "./js/tabs/history.js";
import { speakTab } from "./js/tabs/speak.js";

const liveTab = { load: () => import("./js/tabs/live.js") };
const codecTab = { load: () => import("./js/tabs/codec.js") };
const statusTab = { load: () => import("./js/tabs/status.js") };

await start([
  ["speak", speakTab], ["design", designTab], ["clone", cloneTab], ["live", liveTab], ["codec", codecTab],
  ["history", historyTab], ["status", statusTab],
]);
