// Nothing that was made is lost: takes, recordings, forms; Back, undo, and how few clicks a voice takes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { env, heardOut, launch, open, pushing, quit, reload, saved, speak, until, visit } from "./page.js";
import { wav } from "./sounds.js";

const ALL = env("PAGE_ALL");
const PAIRED = `${ALL}#token=${env("PAGE_TOKEN")}`;
const WORDS = "Good evening, everybody, and welcome to the palace. How are you all tonight, after such a long way through the snow and the dark? Sit down and be warm.";

before(launch);
after(quit);

/** Clicks of a visitor, wherever they land on a control. */
async function countClicks(page) {
  await page.evaluate(() => {
    window.clicks = 0;
    document.addEventListener("click", (event) => { if (event.detail > 0) window.clicks += 1; }, true);
  });
  return () => page.evaluate(() => window.clicks);
}

const made = (page) => until(page, () => [...document.querySelectorAll(".take")].every((take) => / s$/.test(take.querySelector(".take-head .hint").textContent) && take.querySelector(".actions button:not([hidden])").ariaDisabled !== "true"));

test("Back goes to the tab before, links lead into tabs, and the first one's Back leaves", async () => {
  const { page, close } = await visit(`${ALL}#history`);
  await page.waitForSelector("#panel-history:not([hidden])");
  await open(page, "speak");
  await open(page, "clone");
  await page.click("#tab-clone");
  await page.goBack();
  await page.waitForSelector("#panel-speak:not([hidden])");
  assert.equal(new URL(page.url()).hash, "");
  await page.goBack();
  await page.waitForSelector("#panel-history:not([hidden])");
  await page.goForward();
  await page.waitForSelector("#panel-speak:not([hidden])");
  await page.evaluate(() => { location.hash = "design"; });
  await page.waitForSelector("#panel-design:not([hidden])");
  assert.equal(await page.getAttribute("#tab-design", "aria-selected"), "true");
  for (let steps = 0; steps < 3; steps++) await page.goBack();
  assert.equal(page.url(), "about:blank");
  await close();
});

test("a designed voice: four clicks and a name; its takes are there after a reload, two are compared, one is kept from the history", async () => {
  const { page, close } = await visit(PAIRED);
  const clicks = await countClicks(page);
  await open(page, "design");
  await page.fill("#panel-design textarea >> nth=0", "A calm old sailor");
  await page.fill("#panel-design textarea >> nth=1", WORDS);
  await page.click("#panel-design button.big");
  await made(page);
  await page.locator(".take").first().getByRole("button", { name: "Keep as a voice" }).click();
  await page.keyboard.type("Sailor");
  await page.click("dialog button.primary");
  await page.waitForSelector("#message .toast:has-text('Kept as')");
  assert.ok((await clicks()) <= 4, `${await clicks()} clicks`);

  await page.keyboard.press("Escape");
  const [first, second] = [page.locator(".take").nth(0), page.locator(".take").nth(1)];
  for (const take of [first, second]) await take.getByRole("button", { name: "Compare" }).click();
  await page.getByRole("button", { name: /^Switch/ }).click();
  await until(page, () => document.querySelector(".dock-words strong").textContent === "Take B" && document.querySelector(".dock .round").dataset.playing === "true");
  await page.click(".dock .round");
  await page.focus(".dock canvas");
  for (const key of ["Home", ...Array(5).fill("ArrowRight"), "x"]) await page.keyboard.press(key);
  await until(page, () => document.querySelector(".dock-words strong").textContent === "Take A");
  assert.match(await page.textContent(".dock .time"), /^0:0[5-9]/, "the same moment of the text");
  await page.keyboard.press("Escape");

  await reload(page);
  assert.equal(await page.inputValue("#panel-design textarea >> nth=0"), "A calm old sailor");
  await page.getByRole("button", { name: "Listen to take C" }).waitFor();
  assert.deepEqual(await page.locator(".take h3").allTextContents(), ["Take A", "Take B", "Take C"]);
  await page.getByRole("button", { name: "Listen to take B" }).click();
  await heardOut(page);
  await open(page, "history");
  await page.locator(".row:has-text('Take B')").getByRole("button", { name: /^Keep as a voice/ }).click();
  await page.keyboard.type("Second sailor");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#message .toast:has-text('Second sailor')");
  await close();
});

test("what the daemon has forgotten says so, and is made again by the same seed", async () => {
  const sent = [];
  const { page, close } = await visit(PAIRED, { before: async (page) => {
    page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(JSON.parse(payload))));
    await page.route("**/v1/audio/takes?*", (route) => route.fulfill({ json: { takes: [] } }));
  } });
  await open(page, "design");
  await page.fill("#panel-design textarea >> nth=0", "Somebody");
  await page.fill("#panel-design textarea >> nth=1", WORDS);
  await page.locator("#panel-design summary:has-text('Finer')").click();
  await page.getByLabel("Seed").and(page.locator("#panel-design input")).fill("7");
  await page.click("#panel-design button.big");
  const third = page.locator(".take").nth(2);
  await third.getByText("too long ago").waitFor();
  assert.deepEqual(sent.filter(({ mode }) => mode === "design").map(({ sampling, policy }) => [sampling.seed, policy]), [[7, "parallel"], [8, "parallel"], [9, "parallel"]]);
  await third.getByRole("button", { name: "Make again" }).click();
  await until(page, () => document.querySelector(".dock-words strong").textContent === "Take C");
  await open(page, "history");
  await page.waitForSelector(".row:has-text('Take C') >> nth=1");
  assert.equal(sent.filter(({ mode }) => mode === "design").at(-1).sampling.seed, 9);
  await reload(page);
  await page.locator(".row:has-text('Take B')").getByRole("button", { name: /^Use text/ }).click();
  await until(page, () => document.querySelector("#panel-design input[type=number]")?.value === "8"); // the same person
  assert.equal(await page.inputValue("#panel-design textarea >> nth=0"), "Somebody");
  await open(page, "history");
  await page.locator(".row:has-text('Take B')").getByRole("button", { name: /^Too long ago/ }).click();
  await page.waitForSelector("#panel-design:not([hidden])");
  await page.waitForSelector(".take h3:has-text('Take D')");
  await heardOut(page);
  assert.equal(sent.filter(({ mode }) => mode === "design").at(-1).sampling.seed, 8);
  await close();
});

test("a clone: four clicks and a file; recording and words survive a reload; its prompt is given out and taken in", async () => {
  const { page, close } = await visit(PAIRED);
  const clicks = await countClicks(page);
  await open(page, "clone");
  const panel = page.locator("#panel-clone");
  await page.setInputFiles("#panel-clone .drop input[type=file]", wav(6));
  await panel.getByLabel("What is said in the recording").fill("Some words.");
  await panel.getByLabel(/person in the recording agrees/).click();
  await panel.getByRole("button", { name: "Keep as a voice" }).click();
  assert.equal(await page.inputValue("dialog input[type=text]"), "somebody");
  await page.click("dialog button.primary");
  await page.waitForSelector("#message .toast:has-text('Kept as')");
  assert.ok((await clicks()) <= 4, `${await clicks()} clicks`);
  const end = panel.getByRole("slider", { name: "End" });
  await end.focus();
  for (let steps = 0; steps < 5; steps++) await page.keyboard.press("ArrowLeft");
  assert.equal(await end.getAttribute("aria-valuetext"), "5.5 seconds");

  await reload(page);
  await page.waitForSelector("#panel-clone .recorded:not([hidden])");
  assert.equal(await end.getAttribute("aria-valuetext"), "5.5 seconds");
  assert.equal(await panel.getByLabel("What is said in the recording").inputValue(), "Some words.");
  await panel.getByRole("button", { name: "Remove" }).click();
  assert.ok(await panel.getByRole("button", { name: "Try it" }).isDisabled());
  await page.click("#message button:has-text('Undo')");
  await page.waitForSelector("#panel-clone .recorded:not([hidden])");
  await page.setInputFiles("#panel-clone .drop input[type=file]", wav(0.4));
  await page.waitForSelector("#panel-clone .reason:has-text('3 s at least; this has 0.4 s')");
  assert.ok(await panel.getByRole("button", { name: "Keep as a voice" }).isDisabled());

  await page.click("button[aria-label='Export somebody']");
  const prompt = await saved(page, () => page.getByRole("menuitem", { name: /safetensors/ }).click());
  assert.equal(prompt.name, "somebody.safetensors");
  await page.setInputFiles("#panel-clone input[accept*=safetensors]", { name: "copy.safetensors", mimeType: "application/octet-stream", buffer: prompt.content });
  await page.click("dialog input[type=checkbox]");
  await page.click("dialog button.primary");
  await page.waitForSelector("button[aria-label='Delete copy']");
  await page.setInputFiles("#panel-clone input[accept*=safetensors]", { name: "voice.pt", mimeType: "application/octet-stream", buffer: Buffer.from("PK") });
  await page.waitForSelector("dialog code:has-text('convert_prompt')");
  await page.keyboard.press("Escape");
  for (const link of ["The paper about the model", "The model’s licence"]) assert.ok(await panel.getByRole("link", { name: link }).isVisible());

  for (const [name, next] of [["copy", "Delete somebody"], ["somebody", null]]) {
    await page.click(`button[aria-label='Delete ${name}']`);
    assert.match(await page.textContent("dialog h2"), new RegExp(`“${name}”`));
    await page.click("dialog button.danger");
    await page.waitForSelector(`button[aria-label='Delete ${name}']`, { state: "detached" });
    if (next) await until(page, (label) => document.activeElement.ariaLabel === label, next);
  }
  await close();
});

test("what is deleted from the history can be brought back, and focus stays in the list", async () => {
  const { page, close } = await visit(ALL);
  for (const text of ["One thing.", "Another thing."]) {
    await speak(page, text);
    await heardOut(page);
  }
  await open(page, "history");
  await page.click("[aria-label='Delete: Another thing.']");
  await page.waitForSelector("[aria-label='Delete: Another thing.']", { state: "detached" });
  await until(page, () => document.activeElement.ariaLabel === "Delete: One thing.");
  await page.waitForSelector("#message .toast:has-text('Deleted: Another thing.')");
  await page.click("#message button:has-text('Undo')");
  await page.waitForSelector("#panel-history .row >> nth=0 >> text=Another thing.");
  await page.click("#panel-history button:has-text('Clear all')");
  assert.match(await page.textContent("dialog h2"), /2/);
  await page.click("dialog button.danger");
  await page.waitForSelector("#panel-history .empty:not([hidden])");
  await until(page, () => document.activeElement.textContent === "What was said");
  await open(page, "speak");
  await page.fill("#text", "Half a thought");
  await page.click("#panel-speak button:has-text('Clear')");
  await page.click("#message button:has-text('Undo')");
  assert.equal(await page.inputValue("#text"), "Half a thought");
  await close();
});

test("voices: one stop of the Tab key each, arrows within and between, filters, and words of the page's language", async () => {
  const { page, close } = await visit(env("PAGE_PREVIEW"));
  const names = () => page.locator(".voice strong").allTextContents();
  assert.deepEqual(await names(), ["Automatic", "Tone", "Gong"]);
  assert.equal(await page.locator(".voice :is(button, input)").evaluateAll((all) => all.filter((each) => each.tabIndex >= 0 && each.type !== "radio").length), 0);
  await page.focus(".voice input[value=tone]");
  await page.keyboard.press("ArrowRight");
  const label = () => page.evaluate(() => document.activeElement.ariaLabel);
  assert.equal(await label(), "Tone: listen");
  await page.keyboard.press("ArrowDown");
  assert.equal(await label(), "Gong: listen");
  await page.keyboard.press("ArrowRight");
  assert.equal(await label(), "Gong: favourite");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.evaluate(() => document.activeElement.value), "gong");
  await page.getByLabel("Search voices").fill("chinese male");
  assert.deepEqual(await names(), ["Gong"]);
  await page.getByLabel("Search voices").fill("");
  await page.getByLabel("Gender", { exact: true }).selectOption("female");
  assert.deepEqual(await names(), ["Tone"]);
  await page.getByLabel("Language", { exact: true }).and(page.locator(".picker select")).selectOption("zh");
  await page.waitForSelector(".picker .empty:not([hidden])");
  await page.getByLabel("Language of the page").selectOption("zh-CN");
  await until(page, () => document.documentElement.lang === "zh-CN");
  await page.locator(".picker select").nth(1).selectOption("");
  assert.deepEqual(await names(), ["Gong"]);
  await page.locator(".picker select").nth(0).selectOption("");
  assert.deepEqual((await names()).slice(1), ["Gong", "Tone"], "who speaks the page's language comes first");
  await close();
});

test("a sample that is made meanwhile is known without a reload", async () => {
  let [hasSample, push] = [false, null];
  const asked = [];
  const { page, close } = await visit(ALL, { before: async (page) => {
    push = await pushing(page, "voices");
    await page.route("**/v1/audio/voices", async (route) => {
      const answer = await route.fetch();
      const json = await answer.json();
      for (const voice of json.voices) voice.has_sample = hasSample;
      await route.fulfill({ response: answer, json });
    });
    await page.route("**/v1/audio/voices/tone/sample", (route) => {
      asked.push(route.request().url());
      return route.fulfill({ contentType: "audio/wav", body: wav(1).buffer });
    });
  } });
  await page.click("[aria-label='Tone: listen']");
  await heardOut(page);
  assert.deepEqual(asked, []);
  hasSample = true;
  await Promise.all([page.waitForResponse("**/v1/audio/voices"), push(({ samples }) => ({ samples: samples + 1 }))]);
  for (let tries = 0; tries < 5 && asked.length === 0; tries++) { // what came is read a moment later
    await page.click("[aria-label='Tone: listen']");
    await heardOut(page);
  }
  assert.equal(asked.length, 1);
  await close();
});

test("a sample that was made ahead is heard at once, and nobody is asked to speak", async () => {
  const sent = [];
  const { page, close } = await visit(ALL, { before: async (page) => {
    page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(JSON.parse(payload).type)));
    await page.route("**/v1/audio/voices", async (route) => {
      const answer = await route.fetch();
      const json = await answer.json();
      for (const voice of json.voices) voice.has_sample = true;
      await route.fulfill({ response: answer, json });
    });
    await page.route("**/v1/audio/voices/tone/sample", (route) => route.fulfill({ contentType: "audio/wav", body: wav(1).buffer }));
    await page.route("**/v1/audio/voices/gong/sample", (route) => route.fulfill({ contentType: "audio/wav", body: "" }));
  } });
  await page.click("[aria-label='Tone: listen']");
  await page.waitForSelector(".dock .time:has-text('/ 0:01')");
  await heardOut(page);
  assert.ok(!sent.includes("speak"));
  await page.click("[aria-label='Gong: listen']");
  await heardOut(page);
  assert.ok(sent.includes("speak"), "without one the voice speaks");
  await close();
});
