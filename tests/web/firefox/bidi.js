// Debian's own Firefox, driven over WebDriver BiDi: what a smoke test needs of it.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LOOK_MS = 50;
const PREFERENCES = {
  "media.autoplay.default": 0, "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false, "app.update.enabled": false, "browser.startup.homepage_override.mstone": "ignore", "intl.accept_languages": "en-US",
};

export class Firefox {
  #answers = new Map();
  #count = 0;
  /** What the console had to complain about. */
  complaints = [];

  static async launch(program) {
    const profile = mkdtempSync(join(tmpdir(), "page-firefox-"));
    writeFileSync(join(profile, "user.js"), Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(""));
    const process = spawn(program, ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"], { stdio: ["ignore", "ignore", "pipe"] });
    const address = await new Promise((resolve, reject) => {
      let log = "";
      process.stderr.on("data", (chunk) => {
        log += chunk;
        const found = log.match(/WebDriver BiDi listening on (ws:\S+)/);
        if (found) resolve(found[1]);
      });
      process.on("exit", () => reject(new Error(log)));
    });
    const firefox = new Firefox();
    Object.assign(firefox, { process, profile });
    await firefox.#connect(`${address}/session`);
    return firefox;
  }

  async #connect(address) {
    this.socket = new WebSocket(address);
    this.socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    await new Promise((resolve, reject) => Object.assign(this.socket, { onopen: resolve, onerror: ({ message }) => reject(new Error(message)) }));
    await this.send("session.new", { capabilities: {} });
    await this.send("session.subscribe", { events: ["log.entryAdded"] });
    ({ context: this.context } = await this.send("browsingContext.create", { type: "tab" }));
  }

  #receive(message) {
    if (message.method === "log.entryAdded" && ["error", "warn"].includes(message.params.level)) this.complaints.push(message.params.text);
    const answer = this.#answers.get(message.id);
    this.#answers.delete(message.id);
    if (message.type === "success") answer.resolve(message.result);
    if (message.type === "error") answer.reject(new Error(`${message.error}: ${message.message}`));
  }

  send(method, params) {
    const id = ++this.#count;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.#answers.set(id, { resolve, reject }));
  }

  goto(url) {
    return this.send("browsingContext.navigate", { context: this.context, url, wait: "complete" });
  }

  /** What `code`, a function of JSON, gives in the page, which is JSON as well. */
  async run(code, argument = null) {
    const functionDeclaration = `async (argument) => JSON.stringify(await (${code})(JSON.parse(argument)) ?? null)`;
    const { result, exceptionDetails } = await this.send("script.callFunction", {
      functionDeclaration, arguments: [{ type: "string", value: JSON.stringify(argument) }], awaitPromise: true, userActivation: true, target: { context: this.context },
    });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return JSON.parse(result.value);
  }

  async until(check, argument) {
    while (!(await this.run(check, argument))) await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
  }

  /** By a pointer, as a person would. */
  async click(selector) {
    const [x, y] = await this.run((css) => {
      const node = document.querySelector(css);
      node.scrollIntoView({ block: "center" });
      const box = node.getBoundingClientRect();
      return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
    }, selector);
    const actions = [{ type: "pointerMove", x, y }, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }];
    await this.send("input.performActions", { context: this.context, actions: [{ type: "pointer", id: "hand", actions }] });
  }

  async quit() {
    const isGone = new Promise((resolve) => { this.process.on("exit", resolve); });
    await this.send("browser.close", {}).catch(() => this.process.kill());
    await isGone;
    rmSync(this.profile, { recursive: true, force: true });
  }
}
