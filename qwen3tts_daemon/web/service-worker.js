// The page for when the daemon does not answer: its own files of one version, and nothing else that it says.
// Before this stands `self.shell = { version, files }`, which the daemon writes.

const { version, files } = self.shell;
const { scope } = self.registration;
/** Other daemons may live below other paths of this origin. */
const OURS = `voices-at-home ${scope} `;
const CACHE = OURS + version;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keepFiles());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), forget((name) => name !== CACHE)]));
});

self.addEventListener("fetch", (event) => {
  const name = nameOf(event.request);
  if (files.includes(name)) event.respondWith(name === "" ? page(event) : file(event.request, name));
});

/** Of a file below the scope; "" is the page, null is none of ours. */
function nameOf({ method, url }) {
  const { origin, pathname } = new URL(url);
  const address = origin + pathname;
  return method === "GET" && address.startsWith(scope) ? address.slice(scope.length) : null;
}

async function keepFiles() {
  const cache = await caches.open(CACHE);
  await Promise.all(files.map(async (name) => {
    const answer = await fetch(scope + name, { cache: "no-cache" });
    if (!answer.ok || answer.redirected) throw new Error(`${name}: ${answer.status}`); // a proxy's login, perhaps
    await cache.put(scope + name, answer);
  }));
}

/** What the network has is always right; a proxy's 502 to 504 say that the daemon is away. */
async function file(request, name) {
  const kept = async () => (await caches.open(CACHE)).match(scope + name);
  try {
    const answer = await fetch(request);
    return [502, 503, 504].includes(answer.status) ? (await kept()) ?? answer : answer;
  } catch (error) {
    const found = await kept();
    if (found) return found;
    throw error;
  }
}

async function page(event) {
  const answer = await file(event.request, "");
  if (answer.ok && !answer.headers.get("etag")?.includes(version)) event.waitUntil(giveWay());
  return answer;
}

/** Another page is here now. Our files must not be mixed with its; and where it has no worker, this one ends. */
async function giveWay() {
  await forget(() => true);
  const { status } = await fetch("service-worker.js", { cache: "no-store" });
  if ([404, 410].includes(status)) await self.registration.unregister();
}

async function forget(isOld) {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(OURS) && isOld(name)).map((name) => caches.delete(name)));
}
