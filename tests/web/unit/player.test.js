// When a growing sound begins, where its listener is, and what the device is given.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { stopTime, tick } from "./clock.js";

globalThis.window = globalThis;
globalThis.location ??= new URL("http://127.0.0.1/");
if (!globalThis.navigator) globalThis.navigator = {};
const { Player } = await import("../../../qwen3tts_daemon/web/js/player.js");
const { Prebuffer } = await import("../../../qwen3tts_daemon/web/js/prebuffer.js");
const { Sound, SAMPLE_RATE } = await import("../../../qwen3tts_daemon/web/js/sound.js");

const FRAME = 1_920;
const FRAME_S = 0.08;

class FakeContext {
  static begins = "running";
  state = FakeContext.begins;
  currentTime = 0;
  started = [];
  destination = {};

  constructor({ sampleRate = 48_000 } = {}) {
    this.sampleRate = FakeContext.insists ?? sampleRate;
    FakeContext.last = this;
  }

  resume() {
    return Promise.resolve();
  }

  suspend() {
    this.state = "suspended";
  }

  close() {
    this.state = "closed";
    return Promise.resolve();
  }

  createBuffer(_, length) {
    const samples = new Float32Array(length);
    return { length, getChannelData: () => samples };
  }

  createBufferSource() {
    return { connect() {}, stop: () => {}, start: (at) => this.started.push(at) };
  }
}

beforeEach(() => {
  stopTime();
  globalThis.AudioContext = FakeContext;
  FakeContext.insists = undefined;
});

const frame = () => new Int16Array(FRAME).fill(1_000);

/** Let time pass for the device and for the page. */
function pass(seconds) {
  for (let left = Math.round(seconds / 0.04); left > 0; left--) {
    FakeContext.last.currentTime += 0.04;
    tick(40);
  }
}

test("a fast source begins with its second frame, a slow one when there is enough, an ended one at once", () => {
  const fast = new Prebuffer();
  assert.equal(fast.isEnough(FRAME_S, 0, false), false);
  assert.equal(fast.isEnough(2 * FRAME_S, 0.02, false), true);
  const slow = new Prebuffer();
  for (const frames of [1, 2, 3]) assert.equal(slow.isEnough(frames * FRAME_S, frames * FRAME_S, false), false);
  assert.equal(slow.isEnough(4 * FRAME_S, 4 * FRAME_S, false), true);
  assert.equal(new Prebuffer().isEnough(0.01, 0, true), true);
});

test("each gap makes the next beginning more careful, up to 0.6 s", () => {
  const prebuffer = new Prebuffer();
  const first = prebuffer.seconds;
  prebuffer.ranDry();
  assert.ok(prebuffer.seconds > first);
  for (let i = 0; i < 9; i++) prebuffer.ranDry();
  assert.equal(prebuffer.seconds, 0.6);
});

test("a sound is played while it grows, to its last sample, without a gap", async () => {
  const player = new Player();
  const sound = new Sound();
  const states = [];
  player.on("change", (state) => states.push(state));
  player.play(sound);
  await player.unlock();
  for (let i = 0; i < 4; i++) sound.push(frame());
  assert.equal(player.state, "playing");
  assert.equal(player.kind, "scheduled", "there is no AudioWorklet here");
  pass(0.2);
  assert.ok(Math.abs(player.position - 0.19 * SAMPLE_RATE) < 0.06 * SAMPLE_RATE, `${player.position}`);
  sound.push(frame());
  sound.end();
  pass(1);
  assert.deepEqual(states, ["waiting", "playing", "idle"]);
  assert.equal(player.position, sound.length);
  assert.equal(player.underruns, 0);
});

test("nothing was heard before it was played, though a device that slept tells the time of before", async () => {
  const player = new Player();
  const sound = new Sound();
  const delays = [];
  player.on("first", ({ delayMs }) => delays.push(delayMs));
  player.play(sound);
  await player.unlock();
  FakeContext.last.getOutputTimestamp = () => ({ contextTime: 0, performanceTime: performance.now() - 60_000 });
  for (let i = 0; i < 4; i++) sound.push(frame());
  pass(0.2);
  assert.equal(delays.length, 1);
  assert.ok(delays[0] >= 0, `${delays[0]} ms`);
});

test("a device that is made ready ahead plays at once, and sleeps again where nothing comes", async () => {
  const player = new Player();
  player.prepare();
  const device = FakeContext.last;
  await player.unlock();
  assert.equal(player.state, "idle");
  player.play(Sound.of(new Int16Array(SAMPLE_RATE)));
  assert.equal(FakeContext.last, device);
  assert.equal(player.state, "playing");
  player.stop();
  player.prepare();
  assert.equal(device.state, "running");
  tick(20_000);
  assert.equal(device.state, "suspended");
});

test("a gap is counted, and the sound goes on when there is enough again", async () => {
  const player = new Player();
  const sound = new Sound();
  player.play(sound);
  await player.unlock();
  for (let i = 0; i < 4; i++) sound.push(frame());
  pass(0.6);
  assert.deepEqual([player.underruns, player.state], [1, "waiting"]);
  sound.push(frame());
  assert.equal(player.state, "waiting");
  sound.end();
  pass(0.4);
  assert.deepEqual([player.underruns, player.state], [1, "idle"]);
});

test("silence in a live text is nobody's fault", async () => {
  const player = new Player();
  const sound = new Sound();
  sound.isLive = true;
  player.play(sound);
  await player.unlock();
  for (let i = 0; i < 4; i++) sound.push(frame());
  pass(0.6);
  assert.deepEqual([player.underruns, player.state], [0, "waiting"]);
});

test("seeking, pausing and going on begin where they should", async () => {
  const player = new Player();
  const sound = Sound.of(new Int16Array(SAMPLE_RATE * 2));
  player.play(sound);
  await player.unlock();
  player.seek(SAMPLE_RATE);
  assert.equal(player.position >= SAMPLE_RATE, true);
  player.pause();
  assert.equal(player.state, "paused");
  player.seek(SAMPLE_RATE / 2);
  assert.equal(player.position, SAMPLE_RATE / 2);
  player.resume();
  pass(2);
  assert.equal(player.state, "idle");
  player.stop();
  assert.equal(player.position, 0);
});

test("heard faster or slower it takes less or more time, and the place in the sound is its own", async () => {
  for (const [speed, seconds] of [[2, 1], [0.5, 4]]) {
    const player = new Player();
    player.speed = speed;
    player.play(Sound.of(new Int16Array(SAMPLE_RATE * 2).fill(1_000)));
    await player.unlock();
    pass(seconds / 2);
    assert.ok(Math.abs(player.position - SAMPLE_RATE) < 0.3 * SAMPLE_RATE, `${speed}: ${player.position}`);
    assert.equal(player.state, "playing");
    pass(seconds / 2 + 0.2);
    assert.deepEqual([player.state, player.position], ["idle", 2 * SAMPLE_RATE]);
  }
});

test("another speed goes on from where it is", async () => {
  const player = new Player();
  const sound = Sound.of(new Int16Array(SAMPLE_RATE * 4));
  player.play(sound);
  await player.unlock();
  pass(1);
  const before = player.position;
  player.speed = 1.5;
  assert.ok(Math.abs(player.position - before) < 0.1 * SAMPLE_RATE);
  assert.equal(player.state, "playing");
  player.pause();
  player.speed = 1;
  assert.equal(player.state, "paused");
});

test("a device that plays nothing is told, and a gesture begins anew", async () => {
  const player = new Player();
  const told = [];
  player.on("change", () => told.push(player.isSilent));
  FakeContext.begins = "suspended";
  player.play(Sound.of(new Int16Array(SAMPLE_RATE)));
  await player.unlock();
  const first = FakeContext.last;
  assert.equal(player.isSilent, false);
  tick(3_000);
  assert.equal(player.isSilent, true);
  first.state = "running";
  FakeContext.begins = "running";
  tick(3_000);
  assert.equal(player.isSilent, true, "it says that it runs, and does not");
  player.revive();
  await player.unlock();
  assert.notEqual(FakeContext.last, first);
  assert.ok(player.position < 1_000, `${player.position}`);
  pass(0.5);
  assert.deepEqual([player.isSilent, player.state], [false, "playing"]);
  pass(1);
  assert.equal(player.state, "idle");
  tick(10_000);
  assert.equal(player.isSilent, false, "silence after the end is as it should be");
  assert.ok(told.includes(true));
});

test("a device that insists on its own rate gets as much time of sound", async () => {
  FakeContext.insists = 44_100;
  const player = new Player();
  const sound = new Sound();
  player.play(sound);
  await player.unlock();
  for (let i = 0; i < 5; i++) sound.push(frame());
  sound.end();
  pass(0.36);
  assert.equal(player.state, "playing");
  pass(0.2);
  assert.equal(player.state, "idle");
});

test("a device holds a few seconds at most; the rest waits in the page", async () => {
  const player = new Player();
  player.play(Sound.of(new Int16Array(SAMPLE_RATE * 60)));
  await player.unlock();
  assert.ok(FakeContext.last.started.length <= 21, `${FakeContext.last.started.length} blocks of 0.2 s`);
  pass(30);
  assert.ok(FakeContext.last.started.length <= 175);
  assert.equal(player.underruns, 0);
});
