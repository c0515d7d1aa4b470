// Small parts: sound, WAV, resampling, waveforms, words, codes, code to copy.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as settled } from "node:timers/promises";
import { stopTime, tick } from "./clock.js";

globalThis.window = globalThis;
globalThis.location ??= new URL("http://127.0.0.1:8766/");
const load = (name) => import(`../../../qwen3tts_daemon/web/js/${name}.js`);
const { Sound, SAMPLE_RATE } = await load("sound");
const { toInt16, toWav } = await load("wav");
const { Resampler } = await load("resampler");
const { bars, expectedSeconds } = await load("waveform");
const { bestLanguage, clock } = await load("i18n");
const { Utterance, unitsOf } = await load("utterance");
const { asCurl, asWebSocket, speechBody } = await load("snippets");
const { parseCodes } = await load("tabs/codec");
const { finishedPart } = await load("tabs/live");
const { Question } = await load("spoken");

test("a sound that grows in pieces is the same as a whole one", () => {
  const samples = Int16Array.from({ length: 300_000 }, (_, i) => Math.round(Math.sin(i / 50) * 20_000));
  const grown = new Sound();
  for (let at = 0; at < samples.length; at += 1_921) grown.push(samples.subarray(at, at + 1_921));
  const whole = Sound.of(samples);
  assert.deepEqual(grown.samples, samples);
  assert.deepEqual(grown.peaks, whole.peaks);
  assert.equal(grown.read(samples.length - 3, 10).length, 3);
});

test("WAV: a head that is true, and the samples", async () => {
  const blob = toWav(Int16Array.of(1, -2, 32_767));
  const bytes = new DataView(await blob.arrayBuffer());
  assert.equal(bytes.byteLength, 50);
  assert.equal(bytes.getUint32(4, true), 42);
  assert.equal(bytes.getUint32(24, true), SAMPLE_RATE);
  assert.equal(bytes.getUint32(40, true), 6);
  assert.equal(bytes.getInt16(46, true), -2);
  assert.deepEqual([...toInt16([0, 1, -1, 2, -2])], [0, 32_767, -32_767, 32_767, -32_767]);
});

for (const rate of [44_100, 48_000, 16_000]) {
  test(`a tone stays a tone at ${rate} Hz, in pieces as well as whole`, () => {
    const tone = (count, hz) => Float32Array.from({ length: count }, (_, i) => Math.sin((2 * Math.PI * 440 * i) / hz));
    const input = tone(SAMPLE_RATE, SAMPLE_RATE);
    const whole = new Resampler(SAMPLE_RATE, rate).push(input, true);
    const pieces = new Resampler(SAMPLE_RATE, rate);
    const streamed = [];
    for (let at = 0; at < input.length; at += 1_000) streamed.push(...pieces.push(input.subarray(at, at + 1_000), at + 1_000 >= input.length));
    assert.ok(Math.abs(whole.length - rate) <= 8, `${whole.length}`);
    assert.deepEqual(streamed, [...whole]);
    const middle = whole.subarray(1_000, 6_000);
    let [inPhase, quadrature, power] = [0, 0, 0];
    middle.forEach((value, i) => {
      inPhase += value * Math.sin((2 * Math.PI * 440 * i) / rate);
      quadrature += value * Math.cos((2 * Math.PI * 440 * i) / rate);
      power += value * value;
    });
    const ofTone = (2 * (inPhase ** 2 + quadrature ** 2)) / middle.length;
    assert.ok(10 * Math.log10(ofTone / Math.max(1e-9, power - ofTone)) > 25, "clean");
  });
}

test("bars show what is there, and nothing where nothing is yet", () => {
  const sound = Sound.of(new Int16Array(SAMPLE_RATE).fill(16_384));
  assert.deepEqual(bars(sound, 4, 2 * SAMPLE_RATE), [0.5, 0.5, null, null]);
  assert.ok(expectedSeconds("今天天气很好") > expectedSeconds("abcdef"));
});

test("a visitor gets the language that fits best", () => {
  for (const [wanted, found] of [
    [["de-DE", "ja"], "ja"], [["zh-HK"], "zh-TW"], [["zh-Hant"], "zh-TW"], [["zh"], "zh-CN"], [["zh-SG"], "zh-CN"], [["fr"], "en"], [[], "en"], [["en-GB", "ja"], "en"],
  ]) assert.equal(bestLanguage(wanted), found, wanted.join());
  assert.equal(clock(75.9), "1:15");
});

test("code points of the daemon become units of JavaScript", () => {
  const text = "a😀b字";
  assert.deepEqual([0, 1, 2, 3, 4].map((points) => unitsOf(text, points)), [0, 1, 3, 4, 5]);
});

test("the segment that is heard is the last that has begun", () => {
  const utterance = new Utterance({});
  utterance.segments = [{ sample: 0 }, { sample: 100 }, { sample: 200 }];
  assert.equal(utterance.segmentAt(-1), null);
  assert.deepEqual([0, 99, 100, 1_000].map((at) => utterance.segmentAt(at).sample), [0, 0, 100, 200]);
});

test("the same request for REST, with zeros kept and nothing empty", () => {
  const options = { voice: "tone", instruct: "", sampling: { seed: 0, temperature: 0 } };
  assert.deepEqual(speechBody({ text: "Hi", options }, "flac"), { input: "Hi", voice: "tone", seed: 0, temperature: 0, response_format: "flac" });
  assert.match(asCurl({ text: "it's", options: { mode: "design", design: "old" } }), /api\/tts\/voice-design.*\n.*\n.*it'\\''s/);
});

test("whether numbers become words is said the same way everywhere, and not at all where nobody has chosen", () => {
  for (const choice of [{ text_normalization: false }, { text_normalization: true }, {}]) {
    const utterance = { text: "Hi", options: { ...choice, sampling: { seed: 1 } } };
    const { input, seed, response_format: format, ...rest } = speechBody(utterance, "wav");
    assert.deepEqual([input, seed, format, rest], ["Hi", 1, "wav", choice]);
    for (const code of [asCurl(utterance), asCurl({ ...utterance, options: { ...utterance.options, mode: "design", design: "old" } }), asWebSocket(utterance)]) {
      assert.equal(code.match(/"text_normalization": ?(\w+)/)?.[1], choice.text_normalization?.toString());
    }
  }
});

test("a question is asked once the writer pauses, and only the answer to the last one is shown", async () => {
  const { setTimeout: later, clearTimeout: never } = globalThis;
  stopTime();
  const [asked, shown] = [[], []];
  const question = new Question((signal) => new Promise((resolve, reject) => asked.push({ signal, resolve, reject })), (answer) => shown.push(answer));
  for (let letter = 0; letter < 10; letter++) { question.again(); tick(100); }
  assert.equal(asked.length, 0);
  tick(400);
  assert.equal(asked.length, 1);
  question.again();
  assert.ok(asked[0].signal.aborted);
  asked[0].resolve("old");
  tick(400);
  asked[1].resolve("new");
  await settled();
  assert.deepEqual(shown, ["new"]);
  question.again();
  tick(400);
  asked[2].reject(new Error("refused"));
  await settled();
  assert.equal(shown[1].message, "refused");
  question.again();
  question.drop();
  tick(400);
  assert.equal(asked.length, 3);
  Object.assign(globalThis, { setTimeout: later, clearTimeout: never });
});

test("codes: frames of equally many whole numbers", () => {
  assert.deepEqual(parseCodes("[[1,2],[3,4]]"), [[1, 2], [3, 4]]);
  assert.deepEqual(parseCodes('{"codes": [[1]], "num_frames": 1}'), [[1]]);
  for (const bad of ["", "[]", "[[]]", "[[1],[2,3]]", "[[1.5]]", "[[-1]]", "[1]", "{}", "null", '"x"', "[[1],null]"]) assert.equal(parseCodes(bad), null, bad);
});

test("live text goes out by whole words, and ideographs at once", () => {
  for (const [typed, part] of [["Hel", ""], ["Hello ", "Hello "], ["Hello wor", "Hello "], ["Yes.", "Yes."], ["今天", "今天"], ["今天a", "今天"], ["a\nb", "a\n"]]) {
    assert.equal(finishedPart(typed), part, typed);
  }
});
