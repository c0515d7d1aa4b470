// Which voices are shown, in which order, and by which words they are found.

import assert from "node:assert/strict";
import { before, test } from "node:test";

globalThis.window = globalThis;
globalThis.location ??= new URL("http://127.0.0.1:8766/");
globalThis.document ??= { documentElement: {}, querySelectorAll: () => [] };
const load = (name) => import(`../../../qwen3tts_daemon/web/js/${name}.js`);
const { setLanguage } = await load("i18n");
const { gendersOf, languagesOf, listed } = await load("voice-search");
const { descriptionOf, twins } = await load("voices");

const preset = (id, languages, gender, more) => ({ id, name: id, kind: "preset", languages, gender, description: `${id}, a voice`, available: true, preview: true, ...more });
const VOICES = [
  preset("heart", ["en"], "female"), preset("am_michael", ["en"], "male"), preset("zf_xiaobei", ["zh"], "female"), preset("zm_yunxi", ["zh"], "male"),
  preset("jf_alpha", ["ja"], "female"), preset("jm_kumo", ["ja"], "male"), preset("if_sara-de", ["de"], "female"),
  { id: "oma", name: "Oma", kind: "cloned", languages: ["de", "en", "zh", "ja"], gender: "female", description: "", available: true },
];
const ids = (voices) => voices.map((voice) => voice.id);
const found = (words) => ids(listed(VOICES, { words })).sort();

before(() => setLanguage("en"));

for (const [code, first, next] of [["en", ["heart", "am_michael"], "oma"], ["zh-CN", ["zf_xiaobei", "zm_yunxi"], "oma"], ["zh-TW", ["zf_xiaobei", "zm_yunxi"], "oma"], ["ja", ["jf_alpha", "jm_kumo"], "oma"]]) {
  test(`who speaks the language of the page comes first: ${code}`, async () => {
    await setLanguage(code);
    assert.deepEqual(ids(listed(VOICES)).slice(0, 3), [...first, next]);
    assert.equal(listed(VOICES).length, VOICES.length);
    assert.equal(languagesOf(VOICES)[0], code.slice(0, 2));
  });
}

for (const [code, searches] of Object.entries({
  en: {
    "chinese female": ["oma", "zf_xiaobei"], "male chinese": ["zm_yunxi"], male: ["am_michael", "jm_kumo", "zm_yunxi"], "Mandarin man": ["zm_yunxi"], "german woman": ["if_sara-de", "oma"],
    deutsch: ["if_sara-de", "oma"], xiaobei: ["zf_xiaobei"], bei: ["zf_xiaobei"], "日本語": ["jf_alpha", "jm_kumo", "oma"], "french": [], "  ": ids(VOICES).sort(), "FEMALE, english": ["heart", "oma"],
  },
  "zh-CN": { "中文 女": ["oma", "zf_xiaobei"], "中文女声": ["oma", "zf_xiaobei"], "日语 男声": ["jm_kumo"], "日文男": ["jm_kumo"], "普通话": ["oma", "zf_xiaobei", "zm_yunxi"], "德语的女声": ["if_sara-de", "oma"], "chinese male": ["zm_yunxi"] },
  "zh-TW": { "中文 女": ["oma", "zf_xiaobei"], "日文女聲": ["jf_alpha", "oma"], "日語 男": ["jm_kumo"], "國語": ["oma", "zf_xiaobei", "zm_yunxi"], "德文": ["if_sara-de", "oma"], "女聲 英文": ["heart", "oma"] },
  ja: { "女性 日本語": ["jf_alpha", "oma"], "日本語の女性": ["jf_alpha", "oma"], "中国語 男": ["zm_yunxi"], "中国語の男性": ["zm_yunxi"], "英語 女の人": ["heart", "oma"], "ドイツ語": ["if_sara-de", "oma"], "japanese male": ["jm_kumo"] },
})) {
  test(`voices are found in words: ${code}`, async () => {
    await setLanguage(code);
    for (const [words, expected] of Object.entries(searches)) assert.deepEqual(found(words), [...expected].sort(), words);
  });
}

test("filters and words together, and only what there is can be chosen", async () => {
  await setLanguage("en");
  assert.deepEqual(ids(listed(VOICES, { spoken: "ja", gender: "female" })), ["oma", "jf_alpha"]);
  assert.deepEqual(ids(listed(VOICES, { spoken: "zh", words: "male" })), ["zm_yunxi"]);
  assert.deepEqual(languagesOf(VOICES), ["en", "zh", "de", "ja"]);
  assert.deepEqual(gendersOf(VOICES), ["female", "male"]);
  assert.deepEqual(gendersOf([preset("x", ["en"], "")]), []);
});

test("voices of one name are told apart, and none is described by its own name", async () => {
  await setLanguage("en");
  const kept = (id, more) => ({ id, name: "Grandma", kind: "cloned", languages: ["en"], gender: "female", description: "Grandma", available: true, ...more });
  assert.equal(descriptionOf(kept("grandma")), "A woman's voice, English");
  assert.deepEqual([...twins([kept("grandma"), kept("grandma-2"), ...VOICES])], ["grandma", "grandma-2"]);
  assert.deepEqual([...twins([kept("grandma"), kept("grandma-2", { description: "On the phone" }), kept("grandma-3", { languages: ["de"] })])], []);
});
