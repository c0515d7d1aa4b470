// The browser's database of this page; in memory where there is none (a private window).

const NAME = "qwen3tts";
const VERSION = 2;
/** By name, how the things in it are told apart: by numbers that it gives them, or by ids of their own. */
const STORES = { utterances: { keyPath: "id", autoIncrement: true }, recordings: { keyPath: "id" } };

export class Store {
  #name;
  #database = null;
  #values = new Map();
  #nextId = 1;

  constructor(name) {
    this.#name = name;
  }

  async open() {
    this.#database = await (opening ??= openDatabase()).catch(() => null);
  }

  #objects(mode) {
    return this.#database.transaction(this.#name, mode).objectStore(this.#name);
  }

  /** The oldest first. */
  async all() {
    if (this.#database) return done(this.#objects("readonly").getAll());
    return [...this.#values.values()].sort((a, b) => a.id - b.id);
  }

  async get(id) {
    return this.#database ? done(this.#objects("readonly").get(id)) : this.#values.get(id);
  }

  /** In place of what has its id. */
  async put(value) {
    if (this.#database) await done(this.#objects("readwrite").put(value));
    else this.#values.set((value.id ??= this.#nextId++), value);
  }

  async delete(id) {
    if (this.#database) await done(this.#objects("readwrite").delete(id));
    else this.#values.delete(id);
  }

  async clear() {
    if (this.#database) await done(this.#objects("readwrite").clear());
    this.#values.clear();
  }
}

let opening = null;

async function openDatabase() {
  const request = indexedDB.open(NAME, VERSION);
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
