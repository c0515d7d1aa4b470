// The last utterances that were spoken in this browser.

import { Store } from "./database.js";
import { Emitter } from "./emitter.js";

export const MOST = 50;

/** Events: change. */
export class History extends Emitter {
  #store = new Store("utterances");

  open() {
    return this.#store.open();
  }

  /** The newest first. */
  async all() {
    return (await this.#store.all()).reverse();
  }

  async add(utterance) {
    const { text, options, title, at, metrics, segments, requestId, reason } = utterance;
    await this.#store.put({ text, options, title, at, metrics, segments, requestId, reason, samples: utterance.sound.samples.slice() });
    for (const { id } of (await this.all()).slice(MOST)) await this.#store.delete(id);
    this.emit("change");
  }

  async remove(id) {
    await this.#store.delete(id);
    this.emit("change");
  }

  /** One that was removed, where it was. */
  async putBack(entry) {
    await this.#store.put(entry);
    this.emit("change");
  }

  async clear() {
    await this.#store.clear();
    this.emit("change");
  }
}
