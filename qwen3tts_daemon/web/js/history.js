// The last utterances, in the browser's database; in memory where there is none (a private window).

import { Emitter } from "./emitter.js";

export const MOST = 50;
const STORE = "utterances";

export class History extends Emitter {
  #database = null;
  #entries = new Map();
  #nextId = 1;

  async open() {
    try {
      this.#database = await done(Object.assign(indexedDB.open("qwen3tts", 1), {
        onupgradeneeded: ({ target }) => target.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true }),
      }));
    } catch {
      this.#database = null;
    }
  }

  #store(mode) {
    return this.#database.transaction(STORE, mode).objectStore(STORE);
  }

  async all() {
    const entries = this.#database ? await done(this.#store("readonly").getAll()) : [...this.#entries.values()];
    return entries.reverse();
  }

  async add(utterance) {
    const { text, options, title, at, metrics, segments, requestId } = utterance;
    const entry = { text, options, title, at, metrics, segments, requestId, samples: utterance.sound.samples.slice() };
    if (this.#database) {
      await done(this.#store("readwrite").add(entry));
    } else {
      entry.id = this.#nextId++;
      this.#entries.set(entry.id, entry);
    }
    for (const { id } of (await this.all()).slice(MOST)) await this.#delete(id);
    this.emit("change");
  }

  async remove(id) {
    await this.#delete(id);
    this.emit("change");
  }

  async clear() {
    if (this.#database) await done(this.#store("readwrite").clear());
    this.#entries.clear();
    this.emit("change");
  }

  async #delete(id) {
    if (this.#database) await done(this.#store("readwrite").delete(id));
    else this.#entries.delete(id);
  }
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
