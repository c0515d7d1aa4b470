// Pairing: by a link, by letters, by the token; a browser that is in lets a phone in.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { READY, env, heardOut, launch, open, quit, speak, until, visit } from "./page.js";

const LOCKED = env("PAGE_LOCKED");
const ALL = env("PAGE_ALL");
const TOKEN = env("PAGE_TOKEN");

before(launch);
after(quit);

async function invite(url) {
  const answer = await fetch(new URL("v1/invitations", url), { method: "POST", headers: { Authorization: `Bearer ${TOKEN}` } });
  return answer.json();
}

test("a link opens the page paired, takes its code out of the address, and is good once", async () => {
  const { code } = await invite(LOCKED);
  const first = await visit(`${LOCKED}#code=${code}`);
  assert.equal(first.page.url(), LOCKED);
  assert.equal(await first.page.evaluate(() => document.cookie), "", "scripts cannot see it");
  const second = await visit(`${LOCKED}#code=${code}`, { ready: false, expected: [/401/] });
  await second.page.waitForSelector("#alert .toast:has-text('too old')");
  await second.page.waitForSelector("#state[data-state=locked]");
  const { code: another } = await invite(LOCKED);
  await second.page.evaluate((link) => { location.hash = link; }, `code=${another}`);
  await second.page.waitForSelector(READY);
  assert.equal(second.page.url(), LOCKED);
  await second.close();
  await first.close();
});

test("a link that opens in another tab lets the tab go on that has asked", async () => {
  const { page, close } = await visit(LOCKED, { ready: false, expected: [/401/] });
  await page.waitForSelector("#state[data-state=locked]");
  await speak(page, "Go on by yourself.");
  await page.waitForSelector("dialog code");
  const { code } = await invite(LOCKED);
  const other = await page.context().newPage();
  await other.goto(`${LOCKED}#code=${code}`);
  await other.waitForSelector(READY);
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await page.waitForSelector("dialog", { state: "detached" });
  await heardOut(page);
  await close();
});

test("a locked page asks from Speak; wrong letters are told; then it speaks what was asked", async () => {
  const { page, close } = await visit(LOCKED, { ready: false, expected: [/401/] });
  await page.waitForSelector("#state[data-state=locked]");
  await page.fill("#text", "Speak this when you may.");
  await page.click("#panel-speak button[type=submit]");
  await page.waitForSelector("dialog code:has-text('qwen3tts-daemon pair')");
  const { letters } = await invite(LOCKED);
  await page.fill("dialog input", "CCC CC");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog .wrong:has-text('Six letters are needed')");
  await page.fill("dialog input", "CCC CCC");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog .wrong:has-text('Tries left: 4')");
  await page.fill("dialog input", ` ${letters.slice(0, 3).toLowerCase()} ${letters.slice(3)}`);
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog", { state: "detached" });
  await heardOut(page);
  assert.equal(await page.inputValue("#text"), "Speak this when you may.");
  await close();
});

test("a browser that is forgotten hears so at once", async () => {
  const { page, close } = await visit(`${LOCKED}#token=${TOKEN}`);
  const forgotten = await fetch(new URL("v1/sessions", LOCKED), { method: "DELETE", headers: { Authorization: `Bearer ${TOKEN}` } });
  assert.equal(forgotten.status, 204);
  await page.waitForSelector("#state[data-state=locked]");
  assert.ok(await page.isVisible("#unlock button"));
  await close();
});

test("a name that was typed survives the pairing that keeping it needs, given up or done", async () => {
  const { page, close } = await visit(ALL, { expected: [/401/] });
  await open(page, "design");
  await page.fill("#panel-design textarea", "A patient old sailor");
  await page.click("#panel-design button[type=submit]");
  const keep = page.locator("#panel-design .take button:has-text('Keep')").first();
  await keep.click();
  await page.getByLabel("Name").fill("Captain Patience");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog .letters");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  await keep.click();
  assert.equal(await page.getByLabel("Name").inputValue(), "Captain Patience");
  await page.keyboard.press("Enter");
  await page.fill("dialog .letters", TOKEN);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#message .toast:has-text('Captain Patience')");
  await close();
});

test("a paired browser shows letters, a picture and how long they are good; with them another is let in", async () => {
  const { page, close } = await visit(ALL, { expected: [/40[13]/] });
  await open(page, "status");
  await page.click("#panel-status button:has-text('Add a phone')");
  await page.fill("dialog input", TOKEN);
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog .big-letters");
  await page.waitForSelector("dialog [role=timer]:has-text(':')");
  const letters = () => page.textContent("dialog .big-letters");
  const old = await letters();
  await page.click("dialog button:has-text('New letters')");
  await until(page, (before) => document.querySelector("dialog .big-letters").textContent !== before, old);
  const refuse = (route) => (route.request().method() === "POST" ? route.fulfill({ status: 403, json: { error: { code: "forbidden_address", message: "" } } }) : route.continue());
  await page.route("**/v1/invitations", refuse);
  await page.click("dialog button:has-text('New letters')");
  await page.click("#alert .toast:has-text('not allowed') button[aria-label='Close']"); // above the dialog, and within reach
  await page.unroute("**/v1/invitations", refuse);
  const phone = await fetch(new URL("v1/session", ALL), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code: await letters() }) });
  assert.equal(phone.status, 204);
  assert.match(phone.headers.get("set-cookie"), /HttpOnly/);
  await page.waitForSelector("dialog", { state: "detached" });
  await page.waitForSelector("#message .toast:has-text('The new browser is paired')");
  await close();
});
