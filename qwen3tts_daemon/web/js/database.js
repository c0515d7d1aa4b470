// The browser's database of this page; in memory where there is none (a private window).

/** By name. What has no id is given a number. */
const STORES = { utterances: { keyPath: "id", autoIncrement: true }, recordings: { keyPath: "id" } };

let opening = null;

export class Store {
  #name;
  #database = null;
  #values = new Map();

  constructor(name) {
    this.#name = name;
  }

  async open() {
    this.#database = await (opening ??= openDatabase()).catch(() => null);
  }

  #ask(mode, question) {
    return done(question(this.#database.transaction(this.#name, mode).objectStore(this.#name)));
  }

  /** The oldest first. */
  async all() {
    if (this.#database) return this.#ask("readonly", (store) => store.getAll());
    return [...this.#values.values()].sort((a, b) => a.id - b.id);
  }

  async get(id) {
    return this.#database ? this.#ask("readonly", (store) => store.get(id)) : this.#values.get(id);
  }

  /** In place of what has its id. */
  async put(value) {
    if (this.#database) await this.#ask("readwrite", (store) => store.put(value));
    else this.#values.set((value.id ??= Math.max(0, ...this.#values.keys()) + 1), value);
  }

  async delete(id) {
    if (this.#database) await this.#ask("readwrite", (store) => store.delete(id));
    this.#values.delete(id);
  }

  async clear() {
    if (this.#database) await this.#ask("readwrite", (store) => store.clear());
    this.#values.clear();
  }
}

async function openDatabase() {
  const request = indexedDB.open("qwen3tts", 2);
  request.onupgradeneeded = () => {
    for (const [name, options] of Object.entries(STORES)) {
      if (!request.result.objectStoreNames.contains(name)) request.result.createObjectStore(name, options);
    }
  };
  const blocked = new Promise((_, reject) => { request.onblocked = () => reject(new Error("an older page has it open")); });
  const database = await Promise.race([done(request), blocked]);
  database.onversionchange = () => database.close();
  return database;
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
