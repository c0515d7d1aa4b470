// The client of voice.v1 against a socket that writes down what it is sent.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { VoiceClient } from "../../../qwen3tts_daemon/web/js/socket.js";
import { stopTime, tick } from "./clock.js";

class FakeSocket {
  readyState = 0;
  sent = [];

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  open() {
    this.readyState = 1;
    this.onopen();
    this.say({ type: "ready", state: "ready" });
  }

  say(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  sound(channel, samples, flags = 0) {
    const data = new ArrayBuffer(8 + 2 * samples.length);
    const head = new DataView(data);
    head.setUint8(0, 1);
    head.setUint8(1, flags);
    head.setUint16(2, channel, true);
    new Int16Array(data, 8).set(samples);
    this.onmessage({ data });
  }

  lose(code = 1006) {
    this.readyState = 3;
    this.onclose({ code });
  }
}

let sockets;
let client;

beforeEach(() => {
  stopTime();
  sockets = [];
  client = new VoiceClient("ws://here", () => {
    sockets.push(new FakeSocket());
    return sockets.at(-1);
  });
});

/** Everything a context tells, in order. */
function heard(context) {
  const events = [];
  for (const name of ["started", "segment", "sound", "error", "done"]) context.on(name, (value) => events.push([name, value]));
  return events;
}

test("text that comes before the socket is open is sent when it is", () => {
  const context = client.context({ voice: "tone" });
  context.speak("Hello.", true);
  assert.equal(sockets.length, 1);
  assert.deepEqual(sockets[0].sent, []);
  sockets[0].open();
  assert.deepEqual(sockets[0].sent, [{ type: "speak", ctx: context.name, text: "Hello.", voice: "tone", final: true }]);
});

test("only the first message of a context has its options, and nothing follows the last text", () => {
  client.connect();
  sockets[0].open();
  const context = client.context({ voice: "tone", speed: 2 });
  context.speak("One ");
  context.speak("two.", true);
  context.speak("three");
  context.end();
  assert.deepEqual(sockets[0].sent.map(({ text, voice, final }) => [text, voice, final]), [["One ", "tone", undefined], ["two.", undefined, true]]);
});

test("sound goes to the context of its channel, and to nobody after a cancel", () => {
  client.connect();
  sockets[0].open();
  const [a, b] = [client.context({}), client.context({})];
  const [ofA, ofB] = [heard(a), heard(b)];
  for (const [channel, context] of [[3, a], [4, b]]) {
    context.speak("x");
    sockets[0].say({ type: "started", ctx: context.name, ch: channel, request_id: "r", position: 0 });
  }
  sockets[0].sound(4, [1, 2, 3]);
  sockets[0].sound(3, [4], 2);
  assert.deepEqual([...ofB[1][1].samples], [1, 2, 3]);
  assert.equal(ofB[1][1].isLast, false);
  assert.deepEqual([[...ofA[1][1].samples], ofA[1][1].isLast], [[4], true]);
  b.cancel(80.4);
  assert.deepEqual(sockets[0].sent.at(-1), { type: "cancel", ctx: b.name, played_ms: 80 });
  const before = ofB.length;
  sockets[0].sound(4, [5]);
  sockets[0].say({ type: "segment", ctx: b.name });
  sockets[0].say({ type: "done", ctx: b.name, reason: "cancelled", metrics: {} });
  assert.equal(ofB.length, before);
  assert.deepEqual(ofB.filter(([name]) => name === "done").length, 1);
});

test("what is not known is ignored", () => {
  client.connect();
  sockets[0].open();
  sockets[0].say({ type: "from the future", ctx: "nobody" });
  sockets[0].onmessage({ data: new ArrayBuffer(2) });
  const strange = new Uint8Array(10);
  strange[0] = 9;
  sockets[0].onmessage({ data: strange.buffer });
  assert.equal(client.state, "ready");
});

test("every context has exactly one end, also when the connection is lost", () => {
  client.connect();
  sockets[0].open();
  const [finished, broken] = [client.context({}), client.context({})];
  const [first, second] = [heard(finished), heard(broken)];
  finished.speak("a", true);
  broken.speak("b", true);
  sockets[0].say({ type: "done", ctx: finished.name, reason: "complete", metrics: {} });
  sockets[0].lose();
  assert.deepEqual(first.map(([name]) => name), ["done"]);
  assert.deepEqual(second.map(([name, value]) => [name, value.code ?? value.reason]), [["error", "closed"], ["done", "error"]]);
  assert.equal(client.state, "offline");
});

test("it opens again by itself, later each time, and at once when there is text", () => {
  client.connect();
  sockets[0].open();
  sockets[0].lose();
  for (const [waited, opened] of [[499, 1], [1, 2]]) {
    tick(waited);
    assert.equal(sockets.length, opened);
  }
  sockets[1].lose();
  tick(999);
  assert.equal(sockets.length, 2);
  client.context({}).speak("Now!", true);
  assert.equal(sockets.length, 3);
  tick(10_000);
  assert.equal(sockets.length, 3, "the earlier plan was dropped");
  sockets[2].open();
  assert.equal(sockets[2].sent[0].text, "Now!");
});

test("who may not come in is locked out and does not knock again", () => {
  client.connect();
  sockets[0].readyState = 1;
  sockets[0].onopen();
  sockets[0].say({ type: "error", code: "unauthorized", fatal: true, message: "" });
  sockets[0].lose(4401);
  assert.equal(client.state, "locked");
  tick(60_000);
  assert.equal(sockets.length, 1);
});

test("an error of no context is everybody's, and ends nobody unless it is fatal", () => {
  client.connect();
  sockets[0].open();
  const context = client.context({});
  const events = heard(context);
  context.speak("a", true);
  sockets[0].say({ type: "error", code: "rate_limited", fatal: false, message: "" });
  assert.deepEqual(events.map(([name]) => name), ["error"]);
  assert.equal(context.isDone, false);
});

test("it watches again after it was lost, and a silent socket is kept open by pings", () => {
  client.watch();
  client.connect();
  sockets[0].open();
  tick(60_000);
  assert.deepEqual(sockets[0].sent.map(({ type }) => type), ["watch", "ping"]);
  sockets[0].lose();
  tick(500);
  sockets[1].open();
  assert.deepEqual(sockets[1].sent, [{ type: "watch", on: true }]);
});

test("what is pushed is handed on, and asked for again after the connection was lost", () => {
  const told = [];
  for (const name of ["status", "voices", "download"]) client.on(name, (message) => told.push([name, message.revision ?? message.state]));
  client.watch();
  client.connect();
  sockets[0].open();
  sockets[0].say({ type: "voices", revision: 1 });
  sockets[0].say({ type: "download", state: "downloading" });
  sockets[0].lose();
  tick(500);
  sockets[1].open();
  sockets[1].say({ type: "voices", revision: 2 });
  assert.deepEqual(told, [["voices", 1], ["download", "downloading"], ["voices", 2]]);
});
