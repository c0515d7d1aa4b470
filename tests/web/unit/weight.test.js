// What a visit loads: everything of the page, in one language.

import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { test } from "node:test";
import { WEB } from "./web.js";

const MOST_BYTES = 220 * 1024;
/** Fetched by the browser itself, once the page is there. */
const WORKER = "service-worker.js";

test("every file that a visit needs is 220 KB at most, in the longest language", () => {
  const files = readdirSync(WEB, { recursive: true }).filter((name) => /\.(js|css|svg|html)$/.test(name) && name !== WORKER);
  const size = (name) => statSync(new URL(name, WEB)).size;
  const [languages, all] = [files.filter((name) => name.includes("i18n/")), files.filter((name) => !name.includes("i18n/"))];
  const bytes = all.reduce((sum, name) => sum + size(name), 0) + Math.max(...languages.map(size));
  assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
});
