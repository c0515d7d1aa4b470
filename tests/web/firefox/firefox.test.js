// The page in Firefox: every tab is shown without a barrier, a text is spoken, the console is silent.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { TABS, env } from "../browser/page.js";
import { Firefox } from "./bidi.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

test("it opens every tab, and speaks", async (t) => {
  const firefox = await Firefox.launch(env("FIREFOX"));
  t.after(() => firefox.quit());
  await firefox.goto(env("PAGE_ALL"));
  await firefox.until(() => ["ready", "idle"].includes(document.querySelector("#state").dataset.state));
  assert.match(await firefox.run(() => navigator.userAgent), /Firefox/);
  await firefox.run(`() => { ${AXE} }`);
  for (const tab of TABS) {
    await firefox.click(`#tab-${tab}`);
    await firefox.until((name) => !document.querySelector(`#panel-${name}`).hidden, tab);
    const found = await firefox.run(async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(" | ")}`));
    assert.deepEqual(found, [], tab);
  }
  await firefox.click("#tab-speak");
  await firefox.run(() => {
    const text = document.querySelector("#text");
    text.value = "Heard in Firefox as well.";
    text.dispatchEvent(new Event("input"));
  });
  await firefox.click("#panel-speak button[type=submit]");
  await firefox.until(() => document.querySelector(".dock .time")?.textContent.endsWith("/ 0:01"));
  // Without a sound device Firefox's audio clock stands still.
  const canHear = await firefox.run(async () => {
    const context = new AudioContext();
    await Promise.race([context.resume(), new Promise((resolve) => { setTimeout(resolve, 1_000); })]);
    return context.state === "running";
  });
  if (canHear) await firefox.until(() => Number(document.querySelector(".dock").dataset.heard ?? 0) > 0);
  else t.diagnostic("no sound device: the sound came, and was not heard out");
  assert.deepEqual(firefox.complaints, []);
});
