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

test("whatever plays opens the sound device while it is held down", () => {
  assert.doesNotMatch(source, /(?<!audible\()(?:\b(?:iconButton|button|act)\("play"|h\("button\.round")/, "use audible() of dom.js");
});

test("nothing parses markup, and nothing is loaded from elsewhere", () => {
  assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function/);
  const css = readFileSync(new URL("style.css", WEB), "utf8");
  const addresses = [...`${source}${css}`.matchAll(/https?:\/\/[^\s"'`)]+/g)].map(([url]) => url).filter((url) => !url.startsWith("http://www.w3.org/"));
  assert.deepEqual(addresses, LINKS, "only what a visitor may click on");
});

/** Words of those who built it. Figures and the fold for experts in Status may have them. */
const FOREIGN = { en: /(?<!qwen3tts-)\bdaemon|\brows?\b|\bcards?\b/i, "zh-CN": /守护|后台程序/, "zh-TW": /守護|常駐程式|後台程式/, ja: /デーモン|カード/ };
const FOR_EXPERTS = /^(figure|sampling)\.|^status\.rows/;
/** Letters of zh-CN that are written in another way in Taiwan, and words that are said in another way there. */
const SIMPLIFIED = /[专丝个为么乐仅从会伤关内写冲况几刚删别动华历厉发变号听启员哑唤园国图坏声处备复头妇娇实宫对导将岁带帧帮并应开当录忧态总惩愤扫择换数断无时显暂机条来标样气汉浅浏满灯点状现电盏盘码确离种稳签线细终经结给络绝统继绪续维缓编网罚胁脑节获萝葱装览计让讲许设识词试话该详语说请读谁调负责败贴贵赌车转轻载输边过运还这进连适选酱释钟链锁错键长门闭问间闻队阵随静页项预频颗题风饭饱马验麦龄]/u;
const MAINLAND = /軟件|硬件|程序|網絡|質量|視頻|音頻|默認|緩存|內存|信息|鼠標|用戶|賬|菜單|文件夾|剪貼板|下拉|獲取|支持|服務器|鏈接|刷新|激活|屏幕/;

for (const code of LANGUAGES) {
  test(`${code} speaks to a person at home`, () => {
    assert.deepEqual(Object.entries(words[code]).filter(([key, text]) => FOREIGN[code].test(text) && !FOR_EXPERTS.test(key)), []);
  });
}

test("what is missing is told without a technician's parts", () => {
  const technical = /图形处理器|圖形處理器|\b[CG]PU\b|プロセッサ/;
  const told = LANGUAGES.flatMap((code) => Object.entries(words[code]).filter(([key, text]) => key.startsWith("missing.") && technical.test(text)));
  assert.deepEqual(told, []);
});

test("zh-TW is Traditional, in Taiwan's words", () => {
  assert.deepEqual(Object.entries(words["zh-TW"]).filter(([, text]) => SIMPLIFIED.test(text) || MAINLAND.test(text)), []);
  assert.ok(Object.values(words["zh-CN"]).filter((text) => SIMPLIFIED.test(text)).length > 100, "the test would see it");
});
