// What the page costs a visitor, in a real Chromium: first paint, from a click to the first sound, weight.
//
//     node benchmarks/page.mjs URL... [--visits 12]
//
// One JSON line for each URL. Several are measured in turns: on a machine that is busy only such figures compare.
// Needs `npm ci` in tests/web; CHROMIUM names the browser. An engine that is fast shows the page best:
//     python -m tests.tone_daemon '{"frame_s": 0.002}' --http.port 8766

import { parseArgs } from "node:util";
import { chromium } from "../tests/web/node_modules/playwright-core/index.mjs";

const { values, positionals: urls } = parseArgs({ allowPositionals: true, options: { visits: { type: "string", default: "12" } } });
const READY = "#state:is([data-state=ready], [data-state=idle])";
const LATER = ["design", "clone", "live", "codec", "history", "settings", "status"];
/** How long a person holds a button down. */
const PRESS_MS = 80;
const CALM_MS = 300;
const SPOKEN = 3;

const round = (value) => Math.round(value * 10) / 10;
const median = (all) => round(all.toSorted((a, b) => a - b)[all.length >> 1]);
const spread = (all) => ({ median: median(all), least: round(Math.min(...all)), most: round(Math.max(...all)) });

/** What a visit brings with it, and then by the tabs that are loaded when they are opened; the API's answers are not of the page. */
const weight = (page) => page.evaluate(() => {
  const own = performance.getEntries().filter(({ entryType, name }) => entryType === "navigation" || (entryType === "resource" && name.includes("/web/")));
  return own.reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0);
});

const paint = (page) => page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);

async function settle(page) {
  await page.waitForSelector(READY);
  await page.waitForTimeout(CALM_MS);
}

/** From `begin`, which makes the page speak: until it is heard, what of that was the engine's, and what the page's own player added. */
async function firstSound(page, text, begin) {
  await page.fill("#text", text);
  const before = Number((await page.getAttribute(".dock", "data-heard")) ?? 0);
  await begin();
  await page.waitForFunction((count) => Number(document.querySelector(".dock").dataset.heard ?? 0) > count, before);
  await page.click("#tab-status");
  const cell = (name) => `#panel-status [data-figure=${name}] dd`;
  await page.waitForFunction((selector) => /\d/.test(document.querySelector(selector)?.textContent ?? ""), cell("own"));
  const [first, engine, player] = await Promise.all(["first", "ttfa", "own"].map(async (name) => parseFloat((await page.textContent(cell(name))).replace(",", ""))));
  await page.click("#tab-speak");
  return { around: first - engine, player };
}

async function visit(browser, url, seen) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: "en-US", serviceWorkers: "block" });
  const page = await context.newPage();
  await page.goto(url);
  await settle(page);
  seen.cold.push(await paint(page));
  seen.weight = await weight(page);
  await page.reload();
  await settle(page);
  seen.warm.push(await paint(page));
  const pressed = await firstSound(page, "The first click of a visit.", () => page.click("#panel-speak button[type=submit]", { delay: PRESS_MS }));
  seen.first.push(pressed.around);
  for (let i = 0; i < SPOKEN; i++) {
    const { around, player } = await firstSound(page, `A later one, number ${i}.`, () => page.press("#text", "Control+Enter"));
    seen.later.push(around);
    seen.player.push(player);
  }
  await page.reload();
  await settle(page);
  const typed = await firstSound(page, "The first text of a visit, by keys.", () => page.press("#text", "Control+Enter"));
  seen.keys.push(typed.around);
  for (const tab of LATER) {
    await page.click(`#tab-${tab}`);
    await page.waitForSelector(`#panel-${tab}:not([hidden])`);
  }
  seen.all_tabs = await weight(page);
  await context.close();
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"],
});
const measured = urls.map((url) => ({ url, cold: [], warm: [], first: [], keys: [], later: [], player: [] }));
for (let turn = 0; turn < Number(values.visits); turn++) {
  for (const seen of measured) await visit(browser, seen.url, seen);
}
await browser.close();
for (const { url, cold, warm, first, keys, later, player, weight: bytes, all_tabs: all } of measured) {
  console.log(JSON.stringify({
    url, visits: cold.length,
    first_paint_cold_ms: spread(cold), first_paint_warm_ms: spread(warm),
    first_click_of_a_visit_ms: spread(first), first_text_by_keys_ms: spread(keys), later_texts_ms: spread(later), added_by_the_player_ms: spread(player),
    visit_bytes: bytes, with_all_tabs_bytes: all,
  }));
}
