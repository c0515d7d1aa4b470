// The page's words: every language has all of them, all of them are used, and none is missing.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { WEB } from "./web.js";

const LANGUAGES = ["en", "zh-CN", "zh-TW", "ja"];
const words = Object.fromEntries(await Promise.all(LANGUAGES.map(async (code) => [code, flat((await import(new URL(`js/i18n/${code}.js`, WEB))).default)])));
const files = readdirSync(WEB, { recursive: true }).filter((name) => /\.(js|html)$/.test(name) && !name.includes("i18n/"));
const source = files.map((name) => readFileSync(new URL(name, WEB), "utf8")).join("\n");

const LINKS = ["https://arxiv.org/abs/2601.15621", "https://github.com/QwenLM/Qwen3-TTS/blob/main/LICENSE"];

/** Keys that are put together: `error.${code}`. */
const MADE = [...new Set([...source.matchAll(/`([a-z]+[.-][a-z.-]*|[a-z]+\.)\$\{/g)].map(([, start]) => start))];

function flat(groups) {
  return Object.fromEntries(Object.entries(groups).flatMap(([group, value]) =>
    typeof value === "string" ? [[group, value]] : Object.entries(value).map(([key, word]) => [`${group}.${key}`, word])));
}

for (const code of LANGUAGES.slice(1)) {
  test(`${code} has every word, with the same places to fill`, () => {
    assert.deepEqual(Object.keys(words[code]).sort(), Object.keys(words.en).sort());
    const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
    for (const [key, text] of Object.entries(words.en)) {
      assert.deepEqual(places(words[code][key]), places(text), key);
      assert.notEqual(words[code][key].trim(), "", key);
    }
  });
}

test("no word is unused", () => {
  const isUsed = (key) => ["\"", "'", "`"].some((mark) => source.includes(`${mark}${key}${mark}`)) || MADE.some((start) => key.startsWith(start));
  assert.deepEqual(Object.keys(words.en).filter((key) => !isUsed(key)), []);
});

test("no word is missing", () => {
  const named = [...source.matchAll(/(?:\bt\(|\b(?:t|tLabel|tTitle|tPlaceholder): |data-t(?:-label)?=|\b(?:say|tell|field|card|button|iconButton|menu|intro|dialog|confirmed|askAbout)\((?:[^"'`()]*, )?)"([a-z][\w.-]*)"/g)].map(([, key]) => key);
  assert.ok(named.length > 100);
  const shown = named.filter((key) => key.includes(".") || ["close", "cancel", "title", "skip", "tabs", "locked", "preview"].includes(key));
  assert.deepEqual([...new Set(shown)].filter((key) => !(key in words.en)), []);
});

test("every error of the daemon has words", () => {
  const codes = process.env.PAGE_ERRORS?.split(",") ?? [];
  assert.deepEqual(codes.filter((code) => !(`error.${code}` in words.en)), []);
});

test("whatever does nothing now says why", () => {
  assert.doesNotMatch(source, /\.disabled\s*=/, "use unable() of dom.js");
});

test("nothing parses markup, and nothing is loaded from elsewhere", () => {
  assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function/);
  const css = readFileSync(new URL("style.css", WEB), "utf8");
  const addresses = [...`${source}${css}`.matchAll(/https?:\/\/[^\s"'`)]+/g)].map(([url]) => url).filter((url) => !url.startsWith("http://www.w3.org/"));
  assert.deepEqual(addresses, LINKS, "only what a visitor may click on");
});
