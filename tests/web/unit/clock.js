// Time that passes when a test says so.

let now = 0;
let plans = [];
let count = 0;

function plan(action, delay, every) {
  plans.push({ id: ++count, at: now + delay, action, every });
  return count;
}

const drop = (id) => { plans = plans.filter((each) => each.id !== id); };

/** Take the place of the real timers, with nothing planned. */
export function stopTime() {
  [now, plans] = [0, []];
  globalThis.setTimeout = (action, delay = 0) => plan(action, delay, null);
  globalThis.setInterval = (action, delay = 0) => plan(action, delay, delay);
  globalThis.clearTimeout = globalThis.clearInterval = drop;
}

/** Let milliseconds pass. */
export function tick(ms) {
  const until = now + ms;
  for (;;) {
    const next = plans.filter((each) => each.at <= until).sort((a, b) => a.at - b.at)[0];
    if (!next) break;
    now = next.at;
    if (next.every === null) drop(next.id);
    else next.at += next.every;
    next.action();
  }
  now = until;
}
