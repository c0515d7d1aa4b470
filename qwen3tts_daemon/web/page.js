// The page of the daemon: its tabs, in their order. All but the first are loaded when they are opened: a visit stays light.

import { start } from "./js/app.js";
import { speakTab } from "./js/tabs/speak.js";

const LATER = ["design", "clone", "live", "codec", "history", "settings", "status"];

const later = (name) => [name, { load: async () => (await import(`./js/tabs/${name}.js`))[`${name}Tab`] }];

await start([["speak", speakTab], ...LATER.map(later)]);
