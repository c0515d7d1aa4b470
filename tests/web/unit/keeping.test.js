// What is kept and compared: the same moment of two takes, lengths, what a visitor had written.

import assert from "node:assert/strict";
import { before, test } from "node:test";

globalThis.window = globalThis;
globalThis.location ??= new URL("http://127.0.0.1:8766/");
globalThis.document ??= { documentElement: {}, querySelectorAll: () => [] };
const load = (name) => import(`../../../qwen3tts_daemon/web/js/${name}.js`);
const { setLanguage } = await load("i18n");
const { sameMoment } = await load("moment");
const { lengthProblem } = await load("reference");
const { Store } = await load("database");

before(() => setLanguage("en"));

test("two takes are heard at the same moment of the text, each at its own pace", () => {
  const slow = { segments: [{ sample: 0 }, { sample: 200 }], sound: { length: 600 } };
  const fast = { segments: [{ sample: 0 }, { sample: 50 }], sound: { length: 150 } };
  for (const [at, moment] of [[0, 0], [100, 25], [200, 50], [400, 100], [600, 150], [900, 150]]) {
    assert.equal(sameMoment(slow, fast, at), moment, `${at}`);
    if (at <= 600) assert.equal(sameMoment(fast, slow, moment), at, `${at} and back`);
  }
});

test("silence before the first word is not part of it, and parts that do not match are shares of the whole", () => {
  const late = { segments: [{ sample: 100 }], sound: { length: 300 } };
  const soon = { segments: [{ sample: 0 }], sound: { length: 100 } };
  assert.equal(sameMoment(late, soon, 50), 0);
  assert.equal(sameMoment(late, soon, 200), 50);
  assert.equal(sameMoment({ segments: [], sound: { length: 100 } }, soon, 50), 50);
  assert.equal(sameMoment({ segments: [{ sample: 0 }, { sample: 10 }], sound: { length: 100 } }, soon, 50), 50);
  assert.equal(sameMoment({ segments: [], sound: { length: 0 } }, soon, 0), 0);
});

test("a recording says why it is no voice", () => {
  assert.deepEqual(lengthProblem(0.4), ["reference.short", { least: 3, n: "0.4" }]);
  assert.equal(lengthProblem(3), null);
  assert.equal(lengthProblem(30), null);
  assert.deepEqual(lengthProblem(31), ["reference.long", { most: 30, n: "31.0" }]);
});

test("without a database of the browser things are kept as long as the page is open, and come back where they were", async () => {
  const store = new Store("utterances");
  await store.open();
  for (const text of ["a", "b", "c"]) await store.put({ text });
  const [, second] = await store.all();
  await store.delete(second.id);
  assert.deepEqual((await store.all()).map(({ text }) => text), ["a", "c"]);
  await store.put(second);
  assert.deepEqual((await store.all()).map(({ text }) => text), ["a", "b", "c"]);
  await store.clear();
  assert.deepEqual(await store.all(), []);
});
