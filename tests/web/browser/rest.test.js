// Live, History, Status, the settings, and the token.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { READY, env, heardOut, launch, open, quit, reload, saved, speak, until, visit } from "./page.js";

const ALL = env("PAGE_ALL");
const LOCKED = env("PAGE_LOCKED");
const TOKEN = env("PAGE_TOKEN");

before(launch);
after(quit);

test("what is typed is spoken before it is finished", async () => {
  const sent = [];
  const { page, close } = await visit(ALL, { before: (page) => page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(JSON.parse(payload)))) });
  await open(page, "live");
  await page.getByLabel("Type here").pressSequentially("Hello there. How are you to", { delay: 5 });
  await until(page, () => document.querySelector(".said").textContent === "Hello there. How are you ");
  assert.equal(await page.inputValue("#panel-live textarea"), "to", "half a word can still be mended");
  await until(page, () => document.querySelector(".dock .round")?.dataset.playing === "true");
  await page.getByLabel("Type here").pressSequentially("day?");
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelector(".said mark")?.textContent.includes("How are you today?"));
  await page.click("#panel-live button:has-text('Finish')");
  await heardOut(page);
  const speaks = sent.filter((message) => message.type === "speak");
  assert.equal(speaks.map((message) => message.text).join(""), "Hello there. How are you today?\n");
  assert.equal(new Set(speaks.map((message) => message.ctx)).size, 1);
  assert.ok(speaks.length > 1 && !("voice" in speaks[1]), "only the first message has options");
  assert.deepEqual(sent.filter((message) => ["flush", "end"].includes(message.type)).map((message) => message.type), ["flush", "end"]);
  await open(page, "history");
  await page.waitForSelector("#panel-history .row:has-text('Hello there')");
  await close();
});

test("a pasted text and a sample stream are spoken, and Escape ends them", async () => {
  const { page, close } = await visit(ALL);
  await open(page, "live");
  await page.fill("#panel-live textarea", "A pasted text, all at once. ");
  await until(page, () => document.querySelector(".dock .round")?.dataset.playing === "true");
  await page.click("#panel-live button:has-text('Stream a sample')");
  await until(page, () => /^Of course\. Put the rice/.test(document.querySelector(".said").textContent));
  await until(page, () => document.querySelector(".dock .caption").textContent.startsWith("Of course"));
  await page.keyboard.press("Escape");
  await page.waitForSelector(READY);
  const length = (await page.textContent(".said")).length;
  assert.ok(length < 200, "the stream has ended too");
  await close();
});

test("the history keeps what was said over a reload: played, used again, saved, deleted, cleared", async () => {
  const { page, close } = await visit(ALL);
  await page.fill("#panel-speak input[type=text]", "softly");
  for (const text of ["The first thing.", "The second thing.", "The third thing."]) {
    await speak(page, text);
    await heardOut(page);
  }
  const rows = (count) => until(page, (wanted) => document.querySelectorAll("#panel-history .row").length === wanted, count);
  await open(page, "history");
  await rows(3);
  await reload(page);
  await rows(3);
  const texts = () => page.locator("#panel-history .excerpt").allTextContents();
  assert.deepEqual(await texts(), ["The third thing.", "The second thing.", "The first thing."]);
  await page.click("[aria-label='Play: The second thing.']");
  await heardOut(page);
  assert.equal(await page.textContent(".dock .caption"), "The second thing.");
  const { content } = await saved(page, () => page.click("[aria-label='Download as WAV: The first thing.']"));
  assert.equal(content.length, 44 + 2 * 16 * 1440);
  await page.click("[aria-label='Delete: The third thing.']");
  await rows(2);
  await page.click("[aria-label='Use text and settings again: The first thing.']");
  await page.waitForSelector("#panel-speak:not([hidden])");
  assert.equal(await page.inputValue("#text"), "The first thing.");
  assert.equal(await page.inputValue("#panel-speak input[type=text]"), "softly");
  await open(page, "history");
  await page.click("#panel-history button:has-text('Clear all')");
  await page.click("dialog button:has-text('Cancel')");
  assert.equal((await texts()).length, 2);
  await page.click("#panel-history button:has-text('Clear all')");
  await page.click("dialog button.danger");
  await page.waitForSelector("#panel-history .empty:not([hidden])");
  await close();
});

test("no more than fifty are kept", async () => {
  const { page, close } = await visit(ALL);
  const kept = await page.evaluate(async () => {
    const { History } = await import("/web/js/history.js");
    const { Sound } = await import("/web/js/sound.js");
    const history = new History();
    await history.open();
    for (let i = 0; i < 53; i++) await history.add({ text: `${i}`, options: {}, sound: Sound.of(new Int16Array(10)), segments: [] });
    return (await history.all()).map((entry) => entry.text);
  });
  assert.equal(kept.length, 50);
  assert.deepEqual([kept[0], kept.at(-1)], ["52", "3"]);
  await close();
});

test("the status is pushed: models, rows, the last utterance; and the card is given back", async () => {
  const asked = [];
  const { page, close } = await visit(`${ALL}#token=${TOKEN}`, { before: (page) => page.on("request", (request) => asked.push(new URL(request.url()).pathname)) });
  await speak(page, "A sentence to be measured, and long enough to be seen at work. ".repeat(5));
  await open(page, "status");
  await until(page, () => document.querySelector("#panel-status").textContent.includes("1 of 512 rows"));
  await until(page, () => document.querySelector("#panel-status").textContent.includes("0 of 512 rows"));
  await until(page, () => /^0\.\d\d$/.test(document.querySelector("#panel-status [data-figure=rtf] dd").textContent));
  for (const name of ["first", "own", "ttfa", "load", "wait", "generation", "total", "length"]) {
    assert.match(await page.textContent(`#panel-status [data-figure=${name}] dd`), /^[\d.,]+ m?s$/, name);
  }
  await page.keyboard.press("Escape");
  assert.match(await page.textContent("#panel-status table"), /tone.*preset voices.*ready/);
  assert.equal(await page.textContent("#panel-status .next"), "Ready");
  assert.match(await page.textContent("#panel-status"), /Texts of the last hour: [1-9]/);
  assert.match(await page.textContent("#panel-status"), /leave this machine's memory/);
  assert.equal(await page.isVisible("#panel-status table"), false, "figures are for experts");
  await page.click("#panel-status button:has-text('Give the memory back')");
  await until(page, () => document.querySelector("#panel-status table").textContent.includes("not loaded"));
  await until(page, () => /^Resting: loads in \d+ s$/.test(document.querySelector("#panel-status .next").textContent));
  await page.waitForSelector("#panel-status button:has-text('Give the memory back')", { state: "hidden" }); // there is nothing to give
  assert.ok(!asked.includes("/api/gpu-status"), "nobody polls");
  await open(page, "speak");
  await speak(page, "And it wakes.");
  await heardOut(page);
  await close();
});

test("colours are the visitor's choice, or the system's", async () => {
  const { page, close } = await visit(ALL, { colorScheme: "light" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await open(page, "settings");
  await page.getByLabel("Colours").selectOption("dark");
  assert.notEqual(await ground(), light);
  await reload(page);
  assert.notEqual(await ground(), light);
  await close();
});

test("a locked daemon asks for its token, and a wrong one is told so", async () => {
  const { page, close } = await visit(LOCKED, { ready: false, expected: [/401/] });
  await page.waitForSelector("#state[data-state=locked]");
  await page.click("#unlock button");
  await page.fill("dialog input", "not the token at all");
  await page.click("dialog button.primary");
  await page.waitForSelector("dialog .wrong:has-text('not the token')");
  await page.fill("dialog input", TOKEN);
  await page.click("dialog button.primary");
  await page.waitForSelector(READY);
  assert.equal(await page.isVisible("#locked"), false);
  await speak(page, "Open now.");
  await heardOut(page);
  await close();
});

test("a link with the token pairs the browser and takes the token out of the address", async () => {
  const { page, close } = await visit(`${LOCKED}#token=${TOKEN}`);
  assert.equal(page.url(), LOCKED);
  assert.equal(await page.evaluate(() => document.cookie), "", "scripts cannot see it");
  await reload(page);
  await close();
});

test("speaking is free at home, changing things asks for the token first", async () => {
  const { page, close } = await visit(ALL, { expected: [/401/] });
  await open(page, "status");
  await page.click("#panel-status button:has-text('Give the memory back')");
  await page.waitForSelector("dialog:has-text('let in, once')");
  await page.fill("dialog input", TOKEN);
  await page.click("dialog button.primary");
  await page.waitForSelector("dialog", { state: "detached" });
  await until(page, () => document.querySelector("#panel-status table").textContent.includes("not loaded"));
  await close();
});
