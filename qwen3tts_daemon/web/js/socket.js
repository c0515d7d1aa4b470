// A client of voice.v1: several utterances on one socket that opens again by itself.

import { Emitter } from "./emitter.js";

const HEAD_BYTES = 8;
const LAST = 2;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8_000;
const PING_MS = 60_000;
const FATAL = { 4401: "unauthorized", 4429: "rate_limited" };

/** One text and its sound. Events: started, queued, segment, sound, warning, error, done (always the last). */
export class Context extends Emitter {
  #client;
  isDone = false;
  textEnded = false;
  channel = null;
  requestId = "";
  position = 0;

  constructor(client, name, options) {
    super();
    this.#client = client;
    this.name = name;
    this.options = options;
  }

  speak(text, final = false) {
    if (this.isDone || this.textEnded) return;
    const message = { type: "speak", ctx: this.name, text, ...this.options };
    if (final) message.final = true;
    this.textEnded = final;
    this.options = {};
    this.#client.send(message);
  }

  flush() {
    if (!this.isDone) this.#client.send({ type: "flush", ctx: this.name });
  }

  end() {
    if (!this.isDone && !this.textEnded) this.#client.send({ type: "end", ctx: this.name });
    this.textEnded = true;
  }

  cancel(playedMs) {
    if (this.isDone) return;
    const message = { type: "cancel", ctx: this.name };
    if (playedMs !== undefined) message.played_ms = Math.round(playedMs);
    this.#client.send(message);
    this.#client.forget(this, { reason: "cancelled", metrics: {} });
  }
}

/** Events: state (ready, idle, loading, draining, offline, locked), status, voices, download, open. */
export class VoiceClient extends Emitter {
  #url;
  #open;
  #socket = null;
  #contexts = new Map();
  #count = 0;
  #waiting = [];
  #retryMs = FIRST_RETRY_MS;
  #timer = null;
  #ping = null;
  #watches = false;
  state = "offline";
  ready = null;

  /** `open(url)` makes a socket; tests give one of their own. */
  constructor(url, open = (address) => new WebSocket(address, ["voice.v1"])) {
    super();
    this.#url = url;
    this.#open = open;
  }

  connect() {
    clearTimeout(this.#timer);
    if (this.#socket !== null) return;
    const socket = this.#open(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => {
      if (this.#watches) this.send({ type: "watch", on: true });
      for (const message of this.#waiting.splice(0)) socket.send(message);
      this.#ping = setInterval(() => this.send({ type: "ping" }), PING_MS);
      this.emit("open");
    };
    socket.onmessage = ({ data }) => this.receive(data);
    socket.onclose = (event) => socket === this.#socket && this.#lost(event.code);
  }

  watch() {
    this.#watches = true;
    if (this.#isOpen) this.send({ type: "watch", on: true });
  }

  context(options) {
    const name = `page-${++this.#count}`;
    const context = new Context(this, name, options);
    this.#contexts.set(name, context);
    return context;
  }

  get #isOpen() {
    return this.#socket?.readyState === 1;
  }

  send(message) {
    const text = JSON.stringify(message);
    if (this.#isOpen) return this.#socket.send(text);
    if (message.type === "ping" || message.type === "watch") return undefined;
    this.#waiting.push(text);
    return this.connect();
  }

  receive(data) {
    if (typeof data !== "string") return this.#hear(data);
    const message = JSON.parse(data);
    const context = this.#contexts.get(message.ctx);
    switch (message.type) {
      case "ready":
        this.ready = message;
        this.#retryMs = FIRST_RETRY_MS;
        this.#set(message.state);
        break;
      case "state":
        this.#set(message.state);
        break;
      case "status":
      case "voices":
      case "download":
        this.emit(message.type, message);
        break;
      case "started":
        if (!context) break;
        context.channel = message.ch;
        context.requestId = message.request_id;
        context.emit("started", message);
        break;
      case "queued":
        context?.emit("queued", message);
        break;
      case "done":
        if (context) this.forget(context, message);
        break;
      case "error":
        if (context) context.emit("error", message);
        else this.#failAll(message);
        break;
      default:
        context?.emit(message.type, message);
    }
  }

  #hear(data) {
    if (data.byteLength < HEAD_BYTES) return;
    const head = new DataView(data);
    if (head.getUint8(0) !== 1) return;
    const channel = head.getUint16(2, true);
    for (const context of this.#contexts.values()) {
      if (context.channel === channel) {
        const samples = new Int16Array(data, HEAD_BYTES);
        context.emit("sound", { samples, isLast: (head.getUint8(1) & LAST) !== 0 });
        return;
      }
    }
  }

  forget(context, message) {
    if (context.isDone) return;
    context.isDone = true;
    this.#contexts.delete(context.name);
    context.emit("done", message);
  }

  /** What concerns no utterance concerns all: too many messages, no token. */
  #failAll(error) {
    if (error.code === "unauthorized") this.#set("locked");
    for (const context of [...this.#contexts.values()]) {
      context.emit("error", error);
      if (error.fatal) this.forget(context, { reason: "error", metrics: {} });
    }
  }

  #lost(code) {
    this.#socket = null;
    clearInterval(this.#ping);
    this.#waiting = [];
    if (this.state !== "locked" || code !== 4401) this.#set(FATAL[code] === "unauthorized" ? "locked" : "offline");
    for (const context of [...this.#contexts.values()]) {
      context.emit("error", { code: FATAL[code] ?? "closed", message: "" });
      this.forget(context, { reason: "error", metrics: {} });
    }
    if (this.state === "locked") return;
    this.#timer = setTimeout(() => this.connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.emit("state", state);
  }
}
