// What a visitor is told of an utterance, of what the next one waits for, and why something cannot be done.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.window = globalThis;
globalThis.location ??= new URL("http://127.0.0.1:8766/");
globalThis.document ??= { querySelectorAll: () => [], documentElement: {} };
const load = (name) => import(`../../../qwen3tts_daemon/web/js/${name}.js`);
const { setLanguage } = await load("i18n");
const { noticeOf } = await load("notice");
const { nextText } = await load("next-text");
const { wantedTop } = await load("following");
const { isOfThisMachine, untilWhen, whyNotShared } = await load("share");
const { Utterance } = await load("utterance");
const ERRORS = process.env.PAGE_ERRORS?.split(",") ?? [];

await setLanguage("en");

const VOICES = { heart: { name: "Heart", languages: ["en"] }, tone: { name: "Tone", languages: ["en", "de", "fr"] }, gong: { name: "Gong", languages: ["zh"] } };
const said = (fields) => Object.assign(new Utterance({ text: "x", options: { voice: "heart" } }), { reason: "complete" }, fields);
const noticed = (fields, now) => noticeOf(said(fields), (id) => VOICES[id], now);

test("what went well, or is under way, needs no notice", () => {
  assert.equal(noticed({}), null);
  assert.equal(noticed({ reason: null }), null);
  assert.equal(noticed({ reason: "cancelled" }), null);
});

test("who could read it is offered, by the names that people see", () => {
  const error = { code: "unsupported_language", message: "...", instead: { voice: "gong", language: "zh" } };
  assert.deepEqual(noticed({ error }), { kind: "error", key: "notice.speaks-use", remedy: "other", values: { voice: "Heart", languages: "English", other: "Gong" } });
  assert.equal(noticed({ error, voice: "tone" }).values.languages, "English, German, and French");
  const nobody = noticed({ error: { ...error, instead: undefined } });
  assert.deepEqual([nobody.key, nobody.remedy], ["notice.speaks", undefined]);
  assert.equal(noticed({ error, voice: "" }).key, "error.unsupported_language");
});

test("what was left out is told, with who could read it", () => {
  const warnings = [{ code: "unread", message: "...", instead: { voice: "gong", language: "zh" } }];
  const { kind, key, remedy } = noticed({ warnings });
  assert.deepEqual([kind, key, remedy], ["hint", "notice.unread-use", "other"]);
  assert.equal(noticed({ warnings: [{ code: "unread" }] }).key, "notice.unread");
  assert.equal(noticed({ reason: "limit" }).key, "speak.limit");
  assert.equal(noticed({ warnings: [{ code: "timeout" }] }).key, "live.timeout");
});

test("what the engine had to mend is told where another try may help", () => {
  assert.deepEqual(noticed({ reason: "limit", metrics: { guards: { length: 1 } } }), { kind: "hint", key: "notice.overran", remedy: "again" });
  assert.deepEqual(noticed({ metrics: { guards: { silence: 1 } } }), { kind: "hint", key: "notice.hushed", remedy: "again" });
  assert.equal(noticed({ metrics: { guards: { retry: 1, start: 2 } } }), null, "nobody can do more about it");
});

test("every error that a text can meet has words and is red; what may pass can be tried again", () => {
  for (const code of ERRORS) assert.equal(noticed({ error: { code, message: "why" } }).kind, "error", code);
  for (const code of ["closed", "queue_full", "model_unavailable", "generation_failed", "timeout"]) assert.equal(noticed({ error: { code } }).remedy, "again", code);
  for (const code of ["unknown_voice", "text_too_long", "bad_field"]) assert.equal(noticed({ error: { code } }).remedy, undefined, code);
  assert.equal(noticed({ error: { code: "unauthorized" } }).remedy, "pair");
  assert.equal(noticed({ error: { code: "of a newer daemon" } }).key, "error.internal");
});

test("what was cut off is told for as long as there is no connection, then what is left to do", () => {
  const error = { code: "closed", message: "" };
  assert.deepEqual([noticed({ error }, { isOffline: true }), noticed({ error })].map(({ key, remedy }) => [key, remedy]), [["error.closed", "again"], ["notice.cut", "again"]]);
});

test("a device that says nothing is told before all else", () => {
  assert.deepEqual(noticed({ reason: null }, { isSilent: true }), { kind: "hint", key: "notice.silent", remedy: "listen" });
});

test("what the next text waits for is counted down", () => {
  const next = (fields, ageS) => nextText({ state: "ready", ready_in_s: 0, stands_in: false, ...fields }, ageS);
  assert.deepEqual(next({}), ["next.ready"]);
  assert.deepEqual(next({ state: "sleeping", ready_in_s: 0.4 }), ["next.sleeping-in", { n: 1 }]);
  assert.deepEqual(next({ state: "unloaded", ready_in_s: 3.6 }, 100), ["next.unloaded-in", { n: 4 }]);
  assert.deepEqual(next({ state: "unloaded", ready_in_s: 0 }), ["next.unloaded-in", { n: 1 }], "it does not load yet");
  assert.deepEqual(next({ state: "unloaded", ready_in_s: null }), ["next.unloaded"]);
  assert.deepEqual(next({ state: "loading", ready_in_s: 8.2 }, 5), ["next.loading-in", { n: 4 }]);
  assert.deepEqual(next({ state: "loading", ready_in_s: 8.2 }, 9), ["next.soon"]);
  assert.deepEqual(next({ state: "loading", ready_in_s: null }), ["next.loading"]);
  assert.deepEqual(next({ state: "failed", ready_in_s: null }), ["next.failed"]);
  assert.deepEqual(next({ state: "loading", ready_in_s: 20, stands_in: true }), ["next.meanwhile-in", { n: 20 }]);
  assert.deepEqual(next({ state: "loading", ready_in_s: null, stands_in: true }), ["next.meanwhile"]);
});

test("a box scrolls when what is spoken cannot be seen whole, and not otherwise", () => {
  const view = { top: 100, height: 200 };
  assert.equal(wantedTop({ top: 100, height: 30 }, view), null);
  assert.equal(wantedTop({ top: 270, height: 30 }, view), null);
  assert.equal(wantedTop({ top: 280, height: 30 }, view), 280 - 200 / 3);
  assert.equal(wantedTop({ top: 40, height: 30 }, view), 0);
  assert.equal(wantedTop({ top: 300, height: 400 }, view), 300, "what is taller than the box begins at its top");
  assert.equal(wantedTop({ top: 100, height: 400 }, view), null);
});

test("only what can be said again is shared", () => {
  const sound = { length: 9 };
  assert.equal(whyNotShared({ text: "x", options: {}, sound }), "");
  assert.equal(whyNotShared({ text: "x", options: {}, sound: { length: 0 } }), "why.no-sound");
  assert.equal(whyNotShared({ text: "", options: {}, sound }), "why.take-only");
  assert.equal(whyNotShared({ text: "x", options: { mode: "design" }, sound }), "why.take-only");
});

test("how long a link is good is told in minutes or hours, and who can use it", () => {
  const now = new Date(2026, 10, 30, 12, 0);
  const after = (minutes) => untilWhen(new Date(now.getTime() + minutes * 60_000), now.getTime());
  assert.deepEqual([after(10).length, after(10).at.replace(/\s/g, " ")], ["10 minutes", "12:10 PM"]);
  assert.equal(after(0).length, "1 minute");
  assert.equal(after(180).length, "3 hours");
  assert.match(after(24 * 60).at, /Tuesday/);
  for (const url of ["http://127.0.0.1:8766/x", "http://localhost/x", "http://[::1]:8766/x"]) assert.ok(isOfThisMachine(url), url);
  for (const url of ["http://192.168.1.5:8766/x", "https://voices.example/x"]) assert.ok(!isOfThisMachine(url), url);
});
