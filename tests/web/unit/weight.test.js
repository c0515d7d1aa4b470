// What a visit loads: everything of the page, in one language, but for tabs whose code comes when they are opened.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { test } from "node:test";
import { WEB } from "./web.js";

const MOST_BYTES = 220 * 1024;
const MOST_LATER_BYTES = 12 * 1024;

const files = readdirSync(WEB, { recursive: true }).filter((name) => /\.(js|css|svg|html)$/.test(name));
const size = (name) => statSync(new URL(name, WEB)).size;
const weight = (names) => names.reduce((sum, name) => sum + size(name), 0);

/** What a script names, as paths: by `import ... from "./x.js"`, or by `import("./x.js")`. */
function named(name, pattern) {
  const url = new URL(name, WEB);
  return [...readFileSync(url, "utf8").matchAll(pattern)].map(([, path]) => new URL(path, url).href.slice(WEB.href.length));
}

const imported = (name) => named(name, /^(?:import|export)[^"]*from "([^"]+)"/gm);
const comingLater = new Set(files.filter((name) => name.endsWith(".js")).flatMap((name) => named(name, /\bimport\("([^"]+)"\)/g)));

/** Those that nothing of the first load imports. */
function later() {
  const scripts = files.filter((name) => name.endsWith(".js"));
  const first = new Set();
  const roots = scripts.filter((name) => !comingLater.has(name) && !scripts.some((other) => imported(other).includes(name)));
  for (const waiting = [...roots]; waiting.length;) {
    const name = waiting.pop();
    if (!first.has(name)) waiting.push(...imported(name));
    first.add(name);
  }
  return scripts.filter((name) => !first.has(name));
}

test("every file that a visit needs is 220 KB at most, in the longest language", () => {
  const languages = files.filter((name) => name.includes("i18n/"));
  const all = files.filter((name) => !languages.includes(name) && !later().includes(name));
  const bytes = weight(all) + Math.max(...languages.map(size));
  assert.ok(all.includes("js/app.js") && all.includes("style.css"));
  assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
});

test("what comes when a tab is opened is small too", () => {
  assert.deepEqual([...comingLater], ["js/tabs/settings.js"]);
  assert.ok(later().includes("js/setting-field.js"));
  assert.ok(weight(later()) <= MOST_LATER_BYTES, `${weight(later())} bytes`);
});
