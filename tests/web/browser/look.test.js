// Four languages, every tab, dark and light, wide and narrow; for eyes, ears and fingers.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { TABS, env, heardOut, launch, open, quit, reload, speak, until, visit } from "./page.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WORDS = env("PAGE_WORDS");
const ALL = env("PAGE_ALL");
const LANGUAGES = { "en-US": "en", "zh-CN": "zh-CN", "zh-Hant-TW": "zh-TW", "ja-JP": "ja" };
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

before(launch);
after(quit);

async function violations(page) {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return found.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ""}`).join(" | ")}`);
}

async function fill(page) {
  await page.evaluate(() => localStorage.clear());
  await page.click("#panel-speak .writer summary");
  await page.waitForSelector("#panel-speak .spoken li");
  await page.locator("#panel-speak .writer button[type=submit]").click();
  await until(page, () => document.querySelector(".dock .round")?.dataset.playing === "true");
  await page.keyboard.press("Escape");
}

for (const [colorScheme, locale, size] of [["dark", "en-US", {}], ["light", "ja-JP", {}], ["dark", "zh-CN", PHONE], ["light", "zh-Hant-TW", PHONE]]) {
  test(`no barrier in any tab: ${colorScheme}, ${locale}, ${size.viewport?.width ?? "wide"}`, async () => {
    const { page, close } = await visit(ALL, { colorScheme, locale, ...size });
    await fill(page);
    for (const tab of TABS) {
      await open(page, tab);
      assert.deepEqual(await violations(page), [], tab);
    }
    await close();
  });
}

test("no barrier in the dialogs, the menus and the messages", async () => {
  const { page, close } = await visit(ALL, { expected: [/401/] });
  await speak(page, "It breaks. [fail]");
  await page.waitForSelector(".notice-line[data-kind=error]");
  assert.deepEqual(await violations(page), []);
  await speak(page, "Fine.");
  await heardOut(page);
  await page.click(".dock .menu > button");
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press("Escape");
  for (const name of ["Copy as code", "Share"]) {
    await page.click(`.dock [aria-label='${name}']`);
    await page.waitForSelector("dialog");
    assert.deepEqual(await violations(page), [], name);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
  }
  await page.keyboard.press("Escape");
  await open(page, "status");
  await page.click("#panel-status button:has-text('Give the memory back')");
  await page.waitForSelector("dialog input");
  assert.deepEqual(await violations(page), []);
  await close();
});

for (const [locale, code] of Object.entries(LANGUAGES)) {
  test(`on a phone: every word is ${code}, also after a change of language, and nothing is wider than 360 pixels`, async () => {
    const { default: english } = await import(`${WORDS}/en.js`);
    const { default: own } = await import(`${WORDS}/${code}.js`);
    const flat = (words) => Object.values(words).flatMap((word) => (typeof word === "string" ? [word] : Object.values(word)));
    const foreign = new Set(flat(english).filter((word) => !flat(own).includes(word)));
    const { page, close } = await visit(ALL, { locale, ...PHONE });
    assert.equal(await page.getAttribute("html", "lang"), code);
    assert.equal(await page.title(), own.title);
    await fill(page);
    for (const again of [false, true]) {
      if (again) {
        await page.selectOption("#language select", code === "ja" ? "en" : "ja");
        await page.selectOption("#language select", code);
        await until(page, (title) => document.title === title, own.title);
      }
      const said = await page.evaluate(() => {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const words = [];
        while (walker.nextNode()) words.push(walker.currentNode.textContent.trim());
        for (const node of document.querySelectorAll("[aria-label], [title], [placeholder]")) words.push(node.ariaLabel, node.title, node.placeholder);
        return words.filter(Boolean);
      });
      assert.deepEqual(said.filter((word) => foreign.has(word)), []);
    }
    await reload(page);
    assert.equal(await page.getAttribute("html", "lang"), code, "the choice is kept");
    for (const tab of TABS) {
      await open(page, tab);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(width, 360, `${tab} needs sideways scrolling`);
      const tiny = await page.evaluate(() => [...document.querySelectorAll("button, select, summary, a[href]")]
        .filter((node) => node.checkVisibility() && !node.closest(".skip, p") && (node.offsetHeight < 24 || node.offsetWidth < 24)).map((node) => node.className));
      assert.deepEqual(tiny, [], `${tab}: fingers need room`);
    }
    await close();
  });
}

test("everything can be reached and done by keyboard, and the focus is seen", async () => {
  const { page, close } = await visit(ALL);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "tab-speak");
  for (const tab of [...TABS.slice(1), "speak"]) {
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.evaluate(() => document.activeElement.id), `tab-${tab}`);
    await page.waitForSelector(`#panel-${tab}:not([hidden])`);
  }
  const seen = new Set();
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const [name, outline] = await page.evaluate(() => {
      const node = document.activeElement;
      const shown = node.matches(".voice input") ? node.closest(".voice") : node.matches(".paper textarea") ? null : node;
      return [node.ariaLabel || node.textContent || node.value || node.tagName, shown ? getComputedStyle(shown).outlineStyle : "card"];
    });
    assert.ok(["solid", "card"].includes(outline) || name.length > 500, `${name} shows no focus`);
    seen.add(name.trim());
  }
  for (const name of ["Speak", "Sample text", "Clear", "Finer settings"]) assert.ok(seen.has(name), `${name} of ${[...seen].join(", ")}`);
  await page.focus(".voice input[value=gong]");
  for (const name of ["Gong: listen", "Gong: favourite"]) {
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), name, "a card is one stop, arrows go on in it");
  }
  await page.focus("#text");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("By keyboard alone.");
  await page.keyboard.press("Control+Enter");
  await heardOut(page);
  await close();
});

test("who wants less motion gets none", async () => {
  const { page, close } = await visit(ALL, { reducedMotion: "reduce" });
  await speak(page, "Quietly.");
  await page.waitForSelector(".dock:not([hidden])");
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0);
  await close();
});
