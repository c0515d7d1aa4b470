// A word as it is heard before it is kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { WEB } from "./web.js";

const { ssmlOf } = await import(new URL("js/word-ssml.js", WEB));
const entry = (fields) => ({ written: "Siobhan", say: "", pinyin: "", ipa: "", ...fields });

test("a word is said as the voice can say it", () => {
  const sub = '<speak><sub alias="Shivawn">Siobhan</sub></speak>';
  const sounds = '<speak><phoneme alphabet="ipa" ph="ʃɪvˈɔn">Siobhan</phoneme></speak>';
  assert.equal(ssmlOf(entry({ say: "Shivawn" }), true), sub);
  assert.equal(ssmlOf(entry({ say: "Shivawn", ipa: "ʃɪvˈɔn" }), true), sounds);
  assert.equal(ssmlOf(entry({ say: "Shivawn", ipa: "ʃɪvˈɔn" }), false), sub);
  assert.equal(ssmlOf(entry({ ipa: "ʃɪvˈɔn" }), false), sounds);
  assert.match(ssmlOf(entry({ pinyin: "chong2 qing4", say: "x" }), false), /alphabet="pinyin" ph="chong2 qing4"/);
});

test("nothing in a word is markup", () => {
  assert.equal(ssmlOf(entry({ written: "R&B <3", say: 'a"b' }), false), "<speak><sub alias=\"a&#34;b\">R&#38;B &#60;3</sub></speak>");
});
