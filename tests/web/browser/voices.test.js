// Design, Clone and Codec: voices that are made here, and sound as tokens.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { env, heardOut, launch, onPlainHttp, open, pushing, quit, saved, speak, until, visit } from "./page.js";
import { wav } from "./sounds.js";

const ALL = env("PAGE_ALL");
const TOKEN = env("PAGE_TOKEN");
const PAIRED = `${ALL}#token=${TOKEN}`;

before(launch);
after(quit);

async function nameIt(page, name) {
  await page.fill("dialog input[type=text]", name);
  await page.selectOption("dialog select", "female");
  await page.click("dialog button.primary");
  await page.waitForSelector("dialog", { state: "detached" });
}

test("a voice out of words: three takes, one is kept, spoken with, renamed, exported, imported, deleted", async () => {
  const sent = [];
  const { page, close } = await visit(PAIRED, { before: (page) => page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(JSON.parse(payload)))) });
  await open(page, "design");
  await page.click("#panel-design button.big");
  await page.waitForSelector("#panel-design .hint:has-text('Describe the voice')");
  await page.click("#panel-design .chip:has-text('Palace')");
  assert.match(await page.inputValue("#panel-design textarea"), /lady of the court/);
  await page.locator("#panel-design textarea").nth(1).fill("Good evening, everybody, and welcome to the palace.");
  await page.click("#panel-design button.big");
  assert.deepEqual(await page.locator(".take h3").allTextContents(), ["Take A", "Take B", "Take C"]);
  await until(page, () => [...document.querySelectorAll(".take .actions button:first-child")].every((button) => button.ariaDisabled !== "true"));
  await page.click("[aria-label='Listen to take B']");
  await heardOut(page);
  assert.equal(await page.textContent(".dock-words strong"), "Take B");
  await page.locator(".take").nth(1).getByRole("button", { name: "Keep as a voice" }).click();
  await nameIt(page, "Lady");
  await page.waitForSelector("#message .toast:has-text('Kept as')");
  assert.equal(await page.locator(".take.kept h3").textContent(), "Take B");

  await open(page, "speak");
  assert.ok(await page.isChecked(".voice input[value=lady]"), "what was kept is chosen");
  assert.ok(await page.isVisible("#panel-speak .hint:has-text('does not follow instructions')"));
  assert.equal(await page.isVisible("#panel-speak .chip:has-text('bedtime')"), false, "nothing is offered that has no effect");
  await speak(page, "It is me.");
  await heardOut(page);
  assert.equal(await page.textContent(".dock-words strong"), "Lady");
  assert.equal(sent.find(({ text }) => text === "It is me.").instruct, undefined, "the voice would refuse it");

  await open(page, "history");
  await page.locator(".row:has-text('Take A')").getByRole("button", { name: /^Use text/ }).click();
  await page.waitForSelector("#panel-design:not([hidden])");
  assert.match(await page.inputValue("#panel-design textarea"), /lady of the court/);

  await open(page, "clone");
  await page.click("[aria-label='Rename Lady']");
  await nameIt(page, "The Lady");
  const packed = await (async () => {
    await page.waitForSelector("button[aria-label='Export The Lady']");
    await page.click("button[aria-label='Export The Lady']");
    return saved(page, () => page.getByRole("menuitem", { name: /zip/ }).click());
  })();
  assert.equal(packed.name, "lady.voice.zip");
  await page.setInputFiles("#panel-clone input[accept^='.zip']", { name: packed.name, mimeType: "application/zip", buffer: packed.content });
  await until(page, () => document.querySelectorAll("#panel-clone .rows .row").length === 2);
  while ((await page.locator("#panel-clone .rows .row").count()) > 0) {
    const left = await page.locator("#panel-clone .rows .row").count();
    await page.locator("[aria-label^='Delete']").first().click();
    await page.click("dialog button.danger");
    await until(page, (count) => document.querySelectorAll("#panel-clone .rows .row").length === count, left - 1);
  }
  await close();
});

test("a voice from a file: trimmed, tried, and kept only with the words and the consent", async () => {
  const { page, close } = await visit(PAIRED);
  await open(page, "clone");
  const panel = page.locator("#panel-clone");
  assert.ok(await panel.getByRole("button", { name: "Try it" }).isDisabled());
  await page.waitForSelector("#panel-clone .reason:has-text('Choose or record')");
  await page.setInputFiles("#panel-clone .drop input[type=file]", wav(20));
  await page.waitForSelector("#panel-clone .recorded:not([hidden])");
  assert.match(await panel.locator(".recorded .hint").textContent(), /15.0 s are used: a good length/);
  const end = panel.getByRole("slider", { name: "End" });
  await end.focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await end.getAttribute("aria-valuetext"), "15.1 seconds");
  await page.keyboard.press("Home");
  assert.equal(await end.getAttribute("aria-valuetext"), "3 seconds", "never less than a voice needs");
  await end.fill("5");
  assert.match(await panel.locator(".recorded .hint").textContent(), /5.0 s are used/);
  await panel.getByRole("button", { name: "Listen to it" }).click();
  await page.waitForSelector(".dock .time:has-text('/ 0:05')");
  await panel.getByRole("button", { name: "Try it" }).click();
  await page.waitForSelector("#panel-clone .hint:has-text('Write down the words')");
  assert.equal(await page.evaluate(() => document.activeElement.placeholder), "Word for word");
  await panel.getByLabel("What is said in the recording").fill("Some words.");
  await panel.getByLabel("Text to try it with").fill("Hello.");
  const [answer] = await Promise.all([page.waitForResponse("**/v1/audio/references"), panel.getByRole("button", { name: "Try it" }).click()]);
  assert.ok(Math.abs((await answer.json()).duration_s - 5) < 0.05, "five seconds of WAV, made in the page");
  await page.waitForSelector(".dock-words strong:has-text('My recording')");
  await heardOut(page);

  await panel.getByRole("button", { name: "Keep as a voice" }).click();
  await page.waitForSelector("#panel-clone .hint:has-text('Tick that')");
  await panel.getByLabel(/person in the recording agrees/).check();
  await panel.getByRole("button", { name: "Keep as a voice" }).click();
  await nameIt(page, "Somebody");
  await page.waitForSelector("[aria-label='Delete Somebody']");
  await page.click("[aria-label='Delete Somebody']");
  await page.click("dialog button.danger");
  await page.waitForSelector("[aria-label='Delete Somebody']", { state: "detached" });
  await close();
});

test("a file can be dropped, and one that the browser cannot read is sent as it is", async () => {
  const { page, close } = await visit(ALL, { expected: [/422/] });
  await open(page, "clone");
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(100)], "strange.m4a", { type: "audio/mp4" }));
    return transfer;
  });
  await page.dispatchEvent("#panel-clone .recording", "drop", { dataTransfer: data });
  await page.waitForSelector("#panel-clone .recorded .hint:has-text('sent as it is')");
  await page.getByLabel(/sound of the voice only/).check();
  await page.locator("#panel-clone").getByRole("button", { name: "Try it" }).click();
  await page.waitForSelector("#alert .toast:has-text('cannot be used')");
  await close();
});

test("the microphone: a level, a recording, its words not needed", async () => {
  const { page, close } = await visit(ALL);
  await open(page, "clone");
  await page.click("#panel-clone button:has-text('Record')");
  await until(page, () => document.querySelector("#panel-clone meter").value > 0.1);
  await until(page, () => /([4-9]|\d\d)\.\d s/.test(document.querySelector("#panel-clone [role=timer]").textContent));
  await page.click("#panel-clone button:has-text('Stop recording')");
  await page.waitForSelector("#panel-clone .recorded .hint:has-text('are used')");
  await page.getByLabel(/sound of the voice only/).check();
  await page.locator("#panel-clone").getByRole("button", { name: "Try it" }).click();
  await heardOut(page);
  await page.click("[aria-label='Remove']");
  await page.waitForSelector("#panel-clone .drop:not([hidden])");
  await close();
});

test("without a microphone the page says why, and takes a file", async () => {
  const { page, close } = await visit(onPlainHttp(ALL));
  await open(page, "clone");
  assert.equal(await page.locator("#panel-clone button:has-text('Record')").isVisible(), false);
  assert.match(await page.textContent("#panel-clone .drop"), /plain http/);
  await page.setInputFiles("#panel-clone .drop input[type=file]", wav(4));
  await page.waitForSelector("#panel-clone .recorded .hint:has-text('4.0 s')");
  await close();
});

test("sound to tokens and back", async () => {
  const { page, close } = await visit(ALL);
  await open(page, "codec");
  await page.setInputFiles("#panel-codec .drop input[type=file]", wav(1.6));
  await page.locator("#panel-codec .recorded").waitFor();
  await page.locator("#panel-codec .actions").getByRole("button", { name: "Sound to tokens" }).click();
  await page.waitForSelector("#panel-codec .hint:has-text('20 frames × 2 codebooks, 1.6 s')");
  assert.ok(await page.locator("#panel-codec canvas.codes").evaluate((canvas) => canvas.getContext("2d").getImageData(0, 0, 1, 1).data[3]) === 255);
  await page.locator("#panel-codec").getByRole("button", { name: "Tokens to sound" }).click();
  await heardOut(page);
  assert.equal(await page.textContent(".dock-words strong"), "Decoded");
  const { content } = await saved(page, () => page.click("#panel-codec button:has-text('Save as JSON')"));
  assert.equal(JSON.parse(content.toString()).length, 20);
  await page.fill("#panel-codec textarea", "[[1, 2], [3]]");
  await page.waitForSelector("#panel-codec .hint:has-text('no list of frames')");
  assert.ok(await page.isDisabled("#panel-codec button:has-text('Tokens to sound')"));
  await close();
});

test("a tab whose voice model comes is usable without a reload", async () => {
  let [hasCome, push] = [false, null];
  const { page, close } = await visit(ALL, { before: async (page) => {
    push = await pushing(page, "voices");
    await page.route("**/v1/audio/voices", async (route) => {
      const answer = await route.fetch();
      const json = await answer.json();
      await route.fulfill({ response: answer, json: hasCome ? json : { ...json, kinds: ["preset"], revision: 1 } });
    });
  } });
  await open(page, "clone");
  await page.waitForSelector("#panel-clone .missing:not([hidden])");
  assert.equal(await page.locator("#panel-clone .drop").isVisible(), false);
  hasCome = true;
  push(() => ({}));
  await page.waitForSelector("#panel-clone .missing", { state: "hidden" });
  await page.setInputFiles("#panel-clone .drop input[type=file]", wav(6));
  await page.getByLabel(/sound of the voice only/).check();
  await page.locator("#panel-clone").getByRole("button", { name: "Try it" }).click();
  await heardOut(page);
  await close();
});

test("what the voice that is loaded cannot do is explained, with the command that helps", async () => {
  const { page, close } = await visit(`${env("PAGE_PREVIEW")}#token=${env("PAGE_TOKEN")}`);
  assert.ok(await page.isVisible("#preview"));
  for (const [tab, checkpoint] of [["design", "1.7B-VoiceDesign"], ["clone", "1.7B-Base"], ["codec", "1.7B-Base"]]) {
    await open(page, tab);
    await page.locator(`#panel-${tab} .missing code`, { hasText: `qwen3tts-daemon models download ${checkpoint}` }).waitFor({ state: "attached" });
    assert.match(await page.textContent(`#panel-${tab} .missing`), /\d\.\d GB/);
    assert.equal(await page.locator(`#panel-${tab} button.primary:visible`).count(), 0);
  }
  await Promise.all([page.waitForRequest("**/v1/checkpoints"), open(page, "clone")]); // room and obstacles may be other ones now
  await open(page, "codec");
  const card = page.locator("#panel-codec .missing");
  await card.getByRole("button", { name: "Download" }).click();
  await card.getByText("no answer from http://127.0.0.1:1").waitFor();
  await card.getByRole("button", { name: "Go on with the download" }).waitFor();
  await page.reload();
  await card.getByText("no answer from http://127.0.0.1:1").waitFor();
  await page.click("#preview button");
  await page.locator("dialog code", { hasText: "models download 1.7B-CustomVoice" }).waitFor();
  await close();
});
