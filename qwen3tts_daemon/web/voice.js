// A client of the WebSocket protocol voice.v1: one socket, one utterance at a time.

const HEAD_BYTES = 8;

export const SAMPLE_RATE = 24000;

export class Voice {
  /** `on`: {state(name), sound(Int16Array), done(message), error(message)} */
  constructor(url, on) {
    this.url = url;
    this.on = on;
    this.socket = null;
    this.context = null;
    this.channel = null;
    this.contexts = 0;
  }

  /** Open the socket; it opens again by itself when something is to be said. */
  connect() {
    const socket = new WebSocket(this.url, ["voice.v1"]);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    return new Promise((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onmessage = (event) => this.#hear(event.data);
      socket.onclose = (event) => {
        if (this.socket === socket) this.socket = null;
        reject(new Error("no connection"));
        this.on.state("offline");
        if (this.context !== null) this.#end(this.on.error, { code: "closed", message: closing(event) });
      };
    });
  }

  async speak(text, { voice, language }) {
    if (this.socket === null) await this.connect();
    this.context = `page-${++this.contexts}`;
    this.channel = null;
    const message = { type: "speak", ctx: this.context, text, final: true, policy: "preempt" };
    if (voice) message.voice = voice;
    if (language) message.language = language;
    this.#say(message);
  }

  /** Nothing of the utterance is heard after this. */
  cancel() {
    if (this.context === null) return;
    this.#say({ type: "cancel", ctx: this.context });
    this.context = null;
  }

  #say(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  #hear(data) {
    if (data instanceof ArrayBuffer) {
      const channel = new DataView(data).getUint16(2, true);
      if (this.context !== null && channel === this.channel) this.on.sound(new Int16Array(data, HEAD_BYTES));
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "ready" || message.type === "state") this.on.state(message.state);
    const isOurs = message.ctx !== undefined && message.ctx === this.context;
    if (message.type === "started" && isOurs) this.channel = message.ch;
    if (message.type === "error" && (isOurs || message.ctx === undefined)) this.#end(this.on.error, message);
    if (message.type === "done" && isOurs) this.#end(this.on.done, message);
  }

  #end(tell, message) {
    this.context = null;
    tell(message);
  }
}

function closing(event) {
  return event.code === 1001 ? "The daemon has stopped." : `The connection has ended (${event.code}).`;
}
