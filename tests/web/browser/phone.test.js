// A phone, a small window, a finger, a screen reader: what they need of the page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { TABS, env, heardOut, launch, open, quit, speak, until, visit } from "./page.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ALL = env("PAGE_ALL");
const FINGER_PX = 44;
const READABLE_PX = 12;
const CONTROLS = new Set(["button", "checkbox", "combobox", "link", "listbox", "menuitem", "radio", "searchbox", "slider", "spinbutton", "switch", "tab", "textbox"]);

before(launch);
after(quit);

async function nameless(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  return nodes.filter(({ ignored, role, name }) => !ignored && CONTROLS.has(role?.value) && !name?.value?.trim()).map(({ role, nodeId }) => `${role.value} ${nodeId}`);
}

async function barriers(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(" | ")}`);
}

/** The share of the window's height that stays while the page is scrolled. */
const taken = (page) => page.evaluate(() => {
  const staying = [...document.querySelectorAll("body *")].filter((node) => ["fixed", "sticky"].includes(getComputedStyle(node).position) && node.checkVisibility() && node.textContent.trim());
  return staying.reduce((sum, node) => sum + node.getBoundingClientRect().height, 0) / window.innerHeight;
});

test("half of every window is the content's, all tabs are in it, and nothing scrolls sideways", async () => {
  const { page, close } = await visit(ALL);
  await speak(page, "Half of it is mine.");
  await heardOut(page);
  for (const [width, height] of [[360, 225], [320, 256], [740, 360], [640, 360], [720, 450], [360, 740], [320, 568], [820, 1100]]) {
    await page.setViewportSize({ width, height });
    for (const isOpen of [true, false]) {
      if ((await page.getAttribute(".dock", "data-open")) !== String(isOpen)) await page.click(".dock [aria-controls=figures]");
      assert.ok((await taken(page)) <= 0.5, `${width}x${height}, ${isOpen ? "unfolded" : "folded"}: ${await taken(page)}`);
    }
    for (const tab of TABS) {
      await open(page, tab);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${tab} at ${width}`);
      const box = await page.locator(`#tab-${tab}`).boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= width && box.y + box.height <= height, `the tab ${tab} at ${width}x${height}`);
    }
  }
  await page.setViewportSize({ width: 360, height: 740 });
  await page.click(".dock [aria-label='Close the player']");
  assert.equal(await page.isVisible(".dock"), false);
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await close();
});

test("a finger finds everything, and a voice in the sheet", async () => {
  const { page, close } = await visit(ALL, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  const small = () => page.evaluate((least) => [...document.querySelectorAll("button, select, summary, input, textarea, a[href]")]
    .map((node) => node.closest("label") ?? node)
    .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest(".unseen, .skip, p:not(.actions), .trim"))
    .filter((node) => Math.round(node.offsetHeight) < least || Math.round(node.offsetWidth) < least)
    .map((node) => `${node.tagName} ${node.className} ${node.textContent.slice(0, 20)} ${node.offsetWidth}x${node.offsetHeight}`), FINGER_PX);
  await page.locator(".voice-chip").tap();
  await page.waitForSelector("dialog.sheet[open]");
  assert.deepEqual(await small(), [], "the sheet");
  assert.deepEqual(await nameless(page), [], "the sheet");
  await page.locator(".sheet .voice label", { hasText: "Gong" }).tap();
  await page.waitForSelector("dialog.sheet", { state: "detached" });
  assert.match(await page.textContent(".voice-chip"), /Gong/);
  assert.equal(await page.evaluate(() => document.activeElement.className), "voice-chip");
  await page.locator("#panel-speak button[type=submit]").tap();
  await heardOut(page);
  await page.locator(".dock [aria-controls=figures]").tap();
  for (const tab of TABS) {
    await open(page, tab);
    assert.deepEqual(await small(), [], tab);
  }
  await close();
});

test("every control has a name, in every tab, dialog and menu, and other colours leave no barrier", async () => {
  const { page, close } = await visit(ALL);
  await speak(page, "Everything has a name.");
  await heardOut(page);
  await page.click(".dock [aria-controls=figures]");
  for (const tab of TABS) {
    await open(page, tab);
    await page.evaluate((name) => document.querySelectorAll(`#panel-${name} details`).forEach((fold) => { fold.open = true; }), tab);
    assert.deepEqual(await nameless(page), [], tab);
  }
  await page.click(".dock [aria-label='Copy as code']");
  assert.deepEqual(await nameless(page), [], "code");
  await page.keyboard.press("Escape");
  await open(page, "speak");
  await page.emulateMedia({ contrast: "more" });
  assert.deepEqual(await barriers(page), [], "more contrast");
  await page.emulateMedia({ contrast: null, forcedColors: "active" });
  assert.deepEqual(await barriers(page), [], "forced colours");
  const chosen = await page.locator("#tab-speak").evaluate((node) => getComputedStyle(node).borderTopWidth);
  assert.equal(chosen, "2px", "what is chosen is seen without backgrounds");
  await close();
});

test("a screen reader hears that it starts, is spoken, and is done or has failed, and no more", async () => {
  const { page, close } = await visit(ALL);
  await page.evaluate(() => {
    window.told = [];
    const live = "[role=status], [role=alert], [role=log], [aria-live]:not([aria-live=off])";
    const tell = (node) => node.textContent.trim() && window.told.at(-1) !== node.textContent.trim() && window.told.push(node.textContent.trim());
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const node = (target.closest ? target : target.parentElement)?.closest(live);
        if (node) tell(node);
      }
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
  });
  const story = () => page.evaluate(() => window.told.splice(0));
  await speak(page, "One sentence is here. And another follows, which is longer than the first one was.");
  await heardOut(page);
  assert.deepEqual(await story(), ["Starting", "Speaking", "Done"]);
  await speak(page, "It breaks. [fail]");
  await page.waitForSelector(".notice-line[data-kind=error]");
  const failed = await story();
  assert.equal(failed[0], "Starting");
  assert.match(failed.at(-1), /^The voice could not say this/);
  assert.ok(failed.length <= 3, failed.join());
  await page.keyboard.press("Escape");
  await page.locator(".skip[href='#player']").focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "player");
  await page.fill("#text", "مرحبا بالعالم");
  assert.ok(await page.locator("#text").evaluate((node) => node.matches(":dir(rtl)")));
  await close();
});

test("what an audit asks of a page", async () => {
  const { page, close } = await visit(ALL, { colorScheme: "light" });
  const told = await page.evaluate(() => ({
    title: document.title, lang: document.documentElement.lang,
    viewport: document.querySelector("meta[name=viewport]").content,
    description: document.querySelector("meta[name=description]").content,
    colours: [...document.querySelectorAll("meta[name=theme-color]")].map((meta) => [meta.media, meta.content]),
    ground: getComputedStyle(document.body).backgroundColor,
    headings: [...document.querySelectorAll("h1")].length,
    unsized: [...document.querySelectorAll("img")].filter((image) => !(image.getAttribute("width") && image.getAttribute("height"))).length,
    ids: [...document.querySelectorAll("[id]")].map((node) => node.id),
  }));
  assert.equal(told.title, "Voices at home");
  assert.equal(told.lang, "en");
  assert.match(told.viewport, /width=device-width/);
  assert.doesNotMatch(told.viewport, /user-scalable|maximum-scale/);
  assert.ok(told.description.length > 20);
  assert.deepEqual(told.colours, [["(prefers-color-scheme: dark)", "#0c0e13"], ["(prefers-color-scheme: light)", "#f4f5fa"]]);
  assert.equal(told.ground, "rgb(244, 245, 250)", "as theme-color says");
  assert.equal(told.headings, 1);
  assert.equal(told.unsized, 0);
  assert.equal(new Set(told.ids).size, told.ids.length);
  for (const tab of TABS) {
    await open(page, tab);
    const tiny = await page.evaluate((least) => [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility() && [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()) && parseFloat(getComputedStyle(node).fontSize) < least).map((node) => node.className || node.tagName), READABLE_PX);
    assert.deepEqual(tiny, [], tab);
  }
  await page.selectOption("#language select", "ja");
  await until(page, () => document.querySelector("link[rel=manifest]").href.endsWith("/ja.webmanifest"));
  const manifest = await page.evaluate(async () => (await fetch(document.querySelector("link[rel=manifest]").href)).json());
  assert.equal(manifest.name, "おうちの声");
  await close();
});
