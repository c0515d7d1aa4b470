// The page in a real Chromium. What goes wrong anywhere in it fails the test that opened it.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream", "--host-resolver-rules=MAP voice.home 127.0.0.1", "--mute-audio",
];

export const env = (name) => process.env[name] ?? assert.fail(`${name} is not set`);
/** Ready, or ready as soon as there is something to say. */
export const READY = "#state:is([data-state=ready], [data-state=idle])";
export const TABS = ["speak", "design", "clone", "live", "codec", "history", "settings", "status"];

/** The same daemon under a name of plain http, where browsers have less; strangers need its token there. */
export const onPlainHttp = (url) => `${url.replace("127.0.0.1", "voice.home")}#token=${env("PAGE_TOKEN")}`;

let browser = null;

export async function launch() {
  browser = await chromium.launch({ executablePath: env("CHROMIUM"), args: FLAGS });
}

export const quit = () => browser.close();

/** A fresh visitor. `close` fails if the console, the policy or the network had anything to complain about. */
export async function visit(url, { expected = [], ready = true, before, ...options } = {}) {
  // The worker would read every file once more for every visitor.
  const context = await browser.newContext({ serviceWorkers: "block", viewport: { width: 1280, height: 860 }, locale: "en-US", colorScheme: "dark", reducedMotion: "reduce", acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const wrong = [];
  const note = (words) => [/Service Worker registration blocked/, ...expected].some((pattern) => pattern.test(words)) || wrong.push(words);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && note(`console: ${message.text()}`));
  page.on("pageerror", (error) => note(`error: ${error.stack}`));
  await page.exposeFunction("__violated", (words) => note(`policy: ${words}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => window.__violated(`${event.violatedDirective} ${event.blockedURI}`));
  });
  const { host } = new URL(url);
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.host !== host && !["blob:", "data:"].includes(asked.protocol)) note(`network: ${asked.href}`);
  });
  await before?.(page);
  await page.goto(url);
  await page.waitForSelector("body[data-built=true]");
  if (ready) await page.waitForSelector(READY);
  return {
    page,
    async close() {
      await context.close();
      assert.deepEqual(wrong, []);
    },
  };
}

/** For `before` of a visit. What it gives says the daemon's last message of this type once more, changed. */
export async function pushing(page, type) {
  let [client, last] = [null, null];
  await page.routeWebSocket(/v1\/tts/, (socket) => {
    client = socket;
    socket.connectToServer().onMessage((message) => {
      if (typeof message === "string" && JSON.parse(message).type === type) last = JSON.parse(message);
      socket.send(message);
    });
  });
  return (changes) => client.send(JSON.stringify({ ...last, ...changes(last) }));
}

export async function open(page, tab) {
  await page.click(`#tab-${tab}`);
  await page.waitForSelector(`#panel-${tab}:not([hidden])`);
}

/** By keyboard: the button would stop what is still heard. */
export async function speak(page, text) {
  await page.fill("#text", text);
  await page.press("#text", "Control+Enter");
}

export const figure = (page, name) => page.textContent(`.dock [data-figure=${name}] dd`);

const heard = new WeakMap();

/** Until something was heard to its end, after what was heard out before. */
export async function heardOut(page) {
  const before = heard.get(page) ?? 0;
  await page.waitForFunction((count) => Number(document.querySelector(".dock").dataset.heard ?? 0) > count, before);
  heard.set(page, Number(await page.getAttribute(".dock", "data-heard")));
  await page.waitForSelector(READY);
}

export async function reload(page) {
  await page.reload();
  heard.delete(page);
  await page.waitForSelector(READY);
}

/** What a click lets the browser save. */
export async function saved(page, click) {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  return { name: download.suggestedFilename(), content: Buffer.concat(chunks) };
}

export const until = (page, check, argument) => page.waitForFunction(check, argument);
