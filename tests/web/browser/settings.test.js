// Settings: of the daemon, with the token, kept in its file; of this browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { env, heardOut, launch, open, quit, reload, until, visit } from "./page.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ALL = env("PAGE_ALL");
const TOKEN = env("PAGE_TOKEN");
const field = (name) => `#panel-settings [data-setting='${name}']`;

before(launch);
after(quit);

async function told() {
  const answer = await (await fetch(`${ALL}v1/settings`, { headers: { Authorization: `Bearer ${TOKEN}` } })).json();
  return Object.fromEntries(answer.settings.map((setting) => [setting.name, setting]));
}

async function violations(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(" | ")}`));
}

test("who is not paired is asked to be, and then changes what holds for everyone", async () => {
  const { page, close } = await visit(ALL);
  await open(page, "settings");
  await page.click("#panel-settings button:has-text('Pair this browser')");
  await page.fill("dialog input", TOKEN);
  await page.click("dialog button.primary");
  const lead = `${field("speech.lead_silence_ms")} input`;
  await page.waitForSelector(lead);
  await page.waitForSelector("#panel-settings >> text=Nothing is kept now.");
  assert.equal(await page.inputValue(lead), "40");
  await page.fill(lead, "3000");
  await page.press(lead, "Enter");
  await page.waitForSelector(`${field("speech.lead_silence_ms")} .wrong:has-text('from 0 to 2,000')`);
  await page.fill(lead, "120");
  await page.press(lead, "Enter");
  await page.waitForSelector(`${field("speech.lead_silence_ms")} .told:has-text('Saved')`);
  assert.equal((await told())["speech.lead_silence_ms"].origin, "file");
  await page.selectOption(`${field("voice")} select`, "gong");
  await page.waitForSelector(`${field("voice")} .told:has-text('Saved')`);
  await page.click(`${field("voices.aliases")} button:has-text('Add a name')`);
  await page.keyboard.type("Oma");
  await page.selectOption(`${field("voices.aliases")} select`, "tone");
  const aliasesAre = (wanted) => until(page, async (text) => {
    const { settings } = await (await fetch("v1/settings")).json();
    return JSON.stringify(settings.find(({ name }) => name === "voices.aliases").value) === text;
  }, JSON.stringify(wanted));
  await aliasesAre({ Oma: "tone" }); // the name alone is kept, too, and says so
  assert.match(await page.textContent(field("speech.tail_silence_ms")), /Set on the command line/);
  assert.ok(await page.isDisabled(`${field("speech.tail_silence_ms")} input`));
  assert.match(await page.textContent(field("qwen.while_loading")), /from the next start on/);
  assert.deepEqual(await violations(page), []);
  await reload(page);
  await page.waitForSelector(lead);
  assert.equal(await page.inputValue(lead), "120");
  assert.equal(await page.inputValue(`${field("voice")} select`), "gong");
  await page.click(`${field("speech.lead_silence_ms")} button:has-text('Back to the default')`);
  await until(page, (selector) => document.querySelector(selector).value === "0", lead);
  await page.click(`${field("voices.aliases")} [aria-label='Remove Oma']`);
  await aliasesAre({});
  assert.equal((await told())["speech.lead_silence_ms"].origin, "default");
  await close();
});

test("a word is taught, heard before it is kept, changed, and taken back", async () => {
  const entries = async () => (await (await fetch(`${ALL}v1/lexicon`, { headers: { Authorization: `Bearer ${TOKEN}` } })).json()).entries.map(({ written, say, language }) => [written, say, language]);
  const { page, close } = await visit(`${ALL}#token=${TOKEN}`, { expected: [/status of 422/] });
  await open(page, "settings");
  await page.click("#panel-settings button:has-text('Add a word')");
  await page.keyboard.type("R&B");
  await page.click("dialog button.primary");
  await page.waitForSelector("dialog .wrong:has-text('how it sounds')");
  await page.fill("dialog [name=say]", "are and bee");
  await page.selectOption("dialog [name=language]", "en");
  await page.click("dialog button:has-text('Hear it')");
  await heardOut(page);
  assert.equal(await page.textContent(".dock [data-figure=length] dd"), "0.7 s", "what is said, not what is written");
  assert.deepEqual(await entries(), []);
  assert.deepEqual(await violations(page), []);
  await page.press("dialog [name=say]", "Enter");
  const row = "#panel-settings .row:has-text('R&B')";
  await page.waitForSelector(`${row}:has-text('are and bee')`);
  await page.click("#panel-settings [aria-label='Change: R&B']");
  await page.fill("dialog [name=written]", "r&b");
  await page.click("dialog summary");
  await page.fill("dialog [name=pinyin]", "chong2 qing4");
  await page.press("dialog [name=say]", "Enter");
  await page.waitForSelector("dialog .wrong:has-text('pinyin is for Chinese')");
  await page.fill("dialog [name=pinyin]", "");
  await page.press("dialog [name=say]", "Enter");
  await page.waitForSelector("dialog", { state: "detached" });
  await page.waitForSelector("#panel-settings [aria-label='Delete: r&b']");
  assert.deepEqual(await entries(), [["r&b", "are and bee", "en"]]);
  await page.click("#panel-settings [aria-label='Delete: r&b']");
  await page.waitForSelector("#panel-settings .empty:visible");
  await page.click(".toast button:has-text('Undo')");
  await page.waitForSelector("#panel-settings [aria-label='Delete: r&b']");
  assert.deepEqual(await entries(), [["r&b", "are and bee", "en"]]);
  assert.deepEqual(await violations(page), []);
  await close();
});

test("a setting that the page does not know is shown in the daemon's words", async () => {
  const { page, close } = await visit(`${ALL}#token=${TOKEN}`, { viewport: { width: 360, height: 740 }, before: (page) => page.route("**/v1/settings", async (route) => {
    const answer = await (await route.fetch()).json();
    answer.settings.push({ ...answer.settings.find(({ kind }) => kind === "switch"), name: "speech.singing", about: "Sing it." });
    answer.file = { path: null, state: "none" };
    await route.fulfill({ json: answer });
  }) });
  await open(page, "settings");
  await page.waitForSelector(`${field("speech.singing")}:has-text('Sing it.')`);
  const none = page.locator("#panel-settings .hint", { hasText: "There is no settings file" });
  assert.match(await none.textContent(), /Started with --config config\.toml, they are kept\.$/);
  assert.equal(await none.locator("code").evaluate((code) => code.getClientRects().length), 1, "in one piece");
  assert.ok(await page.isDisabled(`${field("qwen.while_loading")} select`), "it could not be kept");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  await close();
});
