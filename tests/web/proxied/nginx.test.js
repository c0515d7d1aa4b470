// The page behind a real nginx: TLS, under a path of somebody else's site, as Home Assistant's ingress shows it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { READY, env, heardOut, launch, open, quit, speak, visit } from "../browser/page.js";

const PROXIED = env("PAGE_PROXIED");
const TLS = { ignoreHTTPSErrors: true };

before(launch);
after(quit);

test("it is shown, speaks and sees what the engine holds, all below its path", async () => {
  const asked = [];
  const { page, close } = await visit(PROXIED, { ...TLS, before: (page) => page.on("request", (request) => asked.push(new URL(request.url()).pathname)) });
  assert.equal(await page.evaluate(() => isSecureContext), true);
  await speak(page, "Through a proxy I am heard as well.");
  await heardOut(page);
  await open(page, "status");
  await close();
  assert.deepEqual(asked.filter((path) => !path.startsWith(new URL(PROXIED).pathname)), []);
});

test("in a frame of the site that it is a part of, as ingress shows it, it speaks", async () => {
  const house = new URL("..", PROXIED).href;
  const { page, close } = await visit(PROXIED, { ...TLS });
  await page.goto(house);
  const frame = page.frames().find((one) => one.url() === PROXIED);
  assert.ok(frame);
  await frame.waitForSelector(READY);
  await frame.fill("#text", "In a frame I am heard as well.");
  await frame.press("#text", "Control+Enter");
  await frame.waitForFunction(() => Number(document.querySelector(".dock").dataset.heard ?? 0) > 0);
  await close();
});
