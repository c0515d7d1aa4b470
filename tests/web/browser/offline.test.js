// The page on a home screen: below a path of another site it is kept, never old, and it goes without a trace.

import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { after, before, test } from "node:test";
import { READY, env, launch, open, quit, until, visit } from "./page.js";

const ALL = new URL(env("PAGE_ALL"));
const PREFIX = "/house/voice/";
const AWAY = [/ERR_|WebSocket|Failed to (load|fetch)|50[23]/];

before(launch);
after(quit);

/** A proxy below PREFIX. `answers(path)` may change what comes from the daemon; `isAway` and `isGateway` hide it. */
class Proxy {
  isAway = false;
  isGateway = false;
  answers = () => null;
  #server = http.createServer((request, response) => this.#pass(request, response));

  async open() {
    this.#server.on("upgrade", (request, socket, head) => this.#tunnel(request, socket, head));
    await new Promise((resolve) => { this.#server.listen(0, "127.0.0.1", resolve); });
    this.url = `http://127.0.0.1:${this.#server.address().port}${PREFIX}`;
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #pass(request, response) {
    if (this.isGateway) return response.writeHead(502).end();
    if (this.isAway || !request.url.startsWith(PREFIX)) return request.socket.destroy();
    const path = request.url.slice(PREFIX.length - 1);
    const asked = http.request({ host: ALL.hostname, port: ALL.port, path, method: request.method, headers: request.headers }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        const { status, headers, change } = { status: answer.statusCode, headers: {}, change: (text) => text, ...this.answers(path) };
        const body = Buffer.concat(chunks);
        const changed = this.answers(path) ? Buffer.from(change(body.toString())) : body;
        response.writeHead(status, { ...answer.headers, ...headers, "content-length": changed.length }).end(changed);
      });
    });
    return request.pipe(asked);
  }

  #tunnel(request, socket, head) {
    socket.on("error", () => {});
    if (this.isAway || this.isGateway) return socket.destroy();
    const daemon = net.connect(ALL.port, ALL.hostname, () => {
      const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
      daemon.write([`GET ${request.url.slice(PREFIX.length - 1)} HTTP/1.1`, ...headers, "", ""].join("\r\n"));
      daemon.write(head);
      daemon.pipe(socket).pipe(daemon);
    });
    return daemon.on("error", () => socket.destroy());
  }
}

/** As if another release were installed: another page, so another version everywhere. */
function upgraded(path) {
  if (path === "/") return { status: 200, headers: { etag: '"next"' }, change: (text) => text.replace("<head>", '<head><meta name="next">') };
  if (path === "/service-worker.js") return { status: 200, headers: { etag: '"next"' }, change: (text) => text.replace(/"version": "[^"]*"/, '"version": "next"') };
  return null;
}

test("it is kept for when the daemon is away, is renewed with it, and leaves nothing behind", async (t) => {
  const proxy = new Proxy();
  await proxy.open();
  t.after(() => proxy.close());
  const { page, close } = await visit(proxy.url, { serviceWorkers: "allow", expected: AWAY });
  const cached = () => page.evaluate(async () => Object.fromEntries(await Promise.all((await caches.keys()).map(async (name) => [name, (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)]))));
  await until(page, () => navigator.serviceWorker.controller !== null);
  assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.ready).scope), proxy.url);

  const [[name, paths]] = Object.entries(await cached());
  assert.ok(name.startsWith(`voices-at-home ${proxy.url} `));
  assert.ok(paths.includes(PREFIX) && paths.length > 30);
  assert.deepEqual(paths.filter((path) => path !== PREFIX && !path.startsWith(`${PREFIX}web/`)), []);

  for (const way of ["isAway", "isGateway"]) {
    proxy[way] = true;
    await page.reload();
    await page.waitForSelector("body[data-built=true]");
    assert.equal(await page.getAttribute("#state", "data-state"), "offline");
    await open(page, "history");
    proxy[way] = false;
    await page.waitForSelector(READY);
    await page.waitForSelector(".voice input[value=tone]", { state: "attached" });
    assert.ok(await page.isVisible("#panel-history"), "what was not old is not loaded again");
  }

  proxy.isAway = true;
  await page.reload();
  await page.waitForSelector("body[data-built=true]");
  proxy.answers = upgraded;
  proxy.isAway = false;
  await page.waitForSelector("meta[name=next]", { state: "attached" });
  await page.waitForSelector(READY);
  await until(page, async (only) => { // the worker throws away what is old, beside the page that it has renewed
    const names = await caches.keys();
    return names.length === 1 && names[0] === only;
  }, `voices-at-home ${proxy.url} next`);

  proxy.answers = (path) => (path === "/service-worker.js" ? { status: 404, change: () => "" } : null);
  await page.reload();
  assert.equal(await page.locator("meta[name=next]").count(), 0, "the network's page, not the one that was kept");
  await until(page, async () => (await navigator.serviceWorker.getRegistrations()).length === 0 && (await caches.keys()).length === 0);
  await close();
});
