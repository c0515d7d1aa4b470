// What a visit loads: the page in one language, with all that it imports; tabs that are loaded when they are opened come later.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { test } from "node:test";
import { WEB } from "./web.js";

const MOST_BYTES = 220 * 1024;
const MOST_BYTES_LATER = 90 * 1024;
const OTHERS = ["index.html", "style.css", "icon.svg", "theme.js", "js/player-worklet.js"];

const size = (url) => statSync(url).size;

/** What is loaded with a module, itself among it. */
function closure(url, found = new Set()) {
  if (found.has(url.href)) return found;
  found.add(url.href);
  for (const [, name] of readFileSync(url, "utf8").matchAll(/^(?:import|export) .*from "(\.[^"]+)";$/gm)) closure(new URL(name, url), found);
  return found;
}

test("every rule is for something that there is", () => {
  const css = readFileSync(new URL("style.css", WEB), "utf8").replace(/"[^"]*"/g, "");
  const made = readdirSync(WEB, { recursive: true }).filter((name) => /\.(js|html)$/.test(name)).map((name) => readFileSync(new URL(name, WEB), "utf8")).join("\n");
  const classes = new Set([...css.matchAll(/\.([a-z][\w-]*)/g)].map(([, name]) => name));
  assert.ok(classes.size > 100);
  assert.deepEqual([...classes].filter((name) => !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(made)), []);
});

test("all that a visit needs is 220 KB at most, in the longest language, and what comes later is little", () => {
  const scripts = readdirSync(WEB, { recursive: true }).filter((name) => name.endsWith(".js")).map((name) => new URL(name, WEB).href);
  const languages = scripts.filter((href) => href.includes("/i18n/"));
  const now = new Set([...closure(new URL("page.js", WEB)), ...OTHERS.map((name) => new URL(name, WEB).href)]);
  const later = scripts.filter((href) => !now.has(href) && !languages.includes(href));
  const sum = (all) => [...all].reduce((bytes, href) => bytes + size(new URL(href)), 0);
  assert.ok(now.size > 20, "the imports were found");
  assert.ok(later.length >= 6, "the tabs that are loaded later are not among them");
  const bytes = sum(now) + Math.max(...languages.map((href) => size(new URL(href))));
  assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
  assert.ok(sum(later) <= MOST_BYTES_LATER, `${sum(later)} bytes later`);
});
