// Faster and slower speech: the length is as wanted, the pitch as it was, and pieces are the same as a whole.

import assert from "node:assert/strict";
import { test } from "node:test";

const { Stretcher } = await import("../../../qwen3tts_daemon/web/js/stretcher.js");
const RATE = 24_000;

const tone = (seconds, hz) => Float32Array.from({ length: seconds * RATE }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / RATE));

/** How much louder a tone of this pitch is than all else, in dB. */
function purity(samples, hz) {
  let [inPhase, quadrature, power] = [0, 0, 0];
  samples.forEach((value, i) => {
    inPhase += value * Math.sin((2 * Math.PI * hz * i) / RATE);
    quadrature += value * Math.cos((2 * Math.PI * hz * i) / RATE);
    power += value * value;
  });
  const ofTone = (2 * (inPhase ** 2 + quadrature ** 2)) / samples.length;
  return 10 * Math.log10(ofTone / Math.max(1e-9, power - ofTone));
}

for (const speed of [0.75, 1.25, 1.5, 2]) {
  test(`at ${speed} a text takes as long as it should, and a voice keeps its pitch`, () => {
    for (const hz of [110, 220, 440]) {
      const out = new Stretcher(speed, RATE).push(tone(2, hz), true);
      assert.ok(Math.abs(out.length - (2 * RATE) / speed) < 0.08 * RATE, `${out.length}`);
      const middle = out.subarray(6_000, 10_800);
      assert.ok(purity(middle, hz) > 18, `${hz} Hz: ${purity(middle, hz)} dB`);
      assert.ok(Math.max(...middle) < 0.52, "and its loudness");
    }
  });

  test(`at ${speed} it is the same in pieces of any length`, () => {
    const sound = tone(1, 180).map((value, i) => value * (1 + Math.sin(i / 900)) + 0.1 * Math.sin(i * i / 1e5));
    const whole = [...new Stretcher(speed, RATE).push(sound, true)];
    for (const length of [1, 317, 1_920, 4_800]) {
      const stretcher = new Stretcher(speed, RATE);
      const pieces = [];
      for (let at = 0; at < sound.length; at += length) pieces.push(...stretcher.push(sound.subarray(at, at + length), at + length >= sound.length));
      assert.deepEqual(pieces, whole, `${length}`);
    }
  });
}

test("a sound shorter than a window comes as it is, and nothing is nothing", () => {
  const short = tone(0.02, 200);
  assert.deepEqual(new Stretcher(2, RATE).push(short, true), short);
  assert.equal(new Stretcher(2, RATE).push(new Float32Array(0), true).length, 0);
});

test("a click is heard once, where it should be", () => {
  const sound = new Float32Array(RATE);
  sound[RATE / 2] = 1;
  for (const speed of [0.75, 2]) {
    const out = new Stretcher(speed, RATE).push(sound, true);
    const at = out.indexOf(Math.max(...out));
    assert.ok(Math.abs(at - RATE / 2 / speed) < 0.03 * RATE, `${at}`);
  }
});
