// Elements out of text and properties. Nothing here, and nothing that uses it, parses markup.

import { TRANSLATED, t, translateNode } from "./i18n.js";

const SVG = "http://www.w3.org/2000/svg";

/** `h("button.primary", { t: "speak", onclick }, child)`; `t`, `tLabel`, `tTitle`, `tPlaceholder` name words. */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) set(node, key, value);
  translateNode(node);
  if (node.matches("textarea, input[type=text], input[type=search]")) node.dir = "auto";
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function set(node, key, value) {
  if (value === undefined || value === null || value === false) return;
  if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else if (TRANSLATED.includes(key)) node.dataset[key] = value;
  else if (key === "data") Object.assign(node.dataset, value);
  else if (key in node && key !== "list" && key !== "form") node[key] = value;
  else node.setAttribute(key, value === true ? "" : value);
}

/** `values` fill the words, also after a change of language. */
export function say(node, key, place = "t", values = undefined) {
  node.dataset[place] = key;
  if (values) node.dataset.values = JSON.stringify(values);
  else delete node.dataset.values;
  translateNode(node);
}

const reasons = new WeakMap();
let count = 0;

/** The words beside a control that say why it does nothing now: `unable` fills them. `kind`: "unseen" where there is no room. */
export function reasonOf(control, kind = "hint") {
  const words = h(`span.reason.${kind}`, { id: `reason-${++count}` });
  reasons.set(control, words);
  control.setAttribute("aria-describedby", words.id);
  control.addEventListener("click", (event) => {
    if (control.ariaDisabled !== "true") return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });
  return words;
}

/** `control` does nothing now, and says why; without a key it works. It can be reached all the same, or nobody would hear why. */
export function unable(control, key, values) {
  const words = reasons.get(control);
  if (!key && !words.dataset.t) return undefined;
  control.ariaDisabled = key ? "true" : null;
  if (key) return say(words, key, "t", values);
  delete words.dataset.t;
  words.textContent = "";
  return undefined;
}

const ICONS = {
  play: "M8 5.5v13l11-6.5z!",
  pause: "M9 6v12M15 6v12",
  stop: "M7 7h10v10H7z!",
  replay: "M4 12a8 8 0 1 0 2.6-5.9M4 4v4.5h4.5",
  download: "M12 4v11m-4.5-4L12 15.5 16.5 11M5 20h14",
  code: "M9 7l-5 5 5 5M15 7l5 5-5 5",
  star: "M12 4l2.5 5.2 5.6.8-4 4 .9 5.7-5-2.7-5 2.7.9-5.7-4-4 5.6-.8z",
  mic: "M12 4a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-5 0v-5A2.5 2.5 0 0 1 12 4zM6 11.5a6 6 0 0 0 12 0M12 17.5V21",
  upload: "M12 16V5m-4.5 4L12 4.5 16.5 9M5 20h14",
  trash: "M5 7h14M10 7V4.5h4V7m3 0l-1 13H8L7 7M10.5 11v5m3-5v5",
  search: "M10.5 5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM15 15l4.5 4.5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  unfold: "M6 14.5l6-6 6 6",
  down: "M7 10l5 5 5-5",
  speak: "M4 10v4M8 7v10M12 4v16M16 8v8M20 10.5v3",
  design: "M4 20l1-4L15.5 5.5l3 3L8 19zM13 8l3 3",
  clone: "M9 4a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM3 20c0-4 2.5-6 6-6s6 2 6 6M16 5c2 .5 3 2 3 3.5S18 11.5 16 12M18 15c2 .8 3 2.5 3 5",
  live: "M4 18h16M4 13h9M4 8h5M17 5v9M14.5 7.5v4M19.5 7.5v4",
  codec: "M5 5h4v4H5zM15 5h4v4h-4zM5 15h4v4H5zM15 15h4v4h-4zM10.5 12h3M12 10.5v3",
  history: "M5 12a7 7 0 1 0 2-5L5 9M5 5v4h4M12 8.5V12l2.5 2",
  settings: "M4 8h8M18 8h2M4 16h2M12 16h8M15 5.5v5M9 13.5v5",
  status: "M4 13h4l2.5-7 3.5 12 2.5-5H20",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  reuse: "M5 15l-1.5-3L5 9M4 12h10a5 5 0 0 1 0 10h-2M10 5h9M14 8.5h5",
  swap: "M7 7h12l-3-3M17 17H5l3 3",
  share: "M12 15V4m-4 4l4-4 4 4M6 12H5v8h14v-8h-1",
  phone: "M8 3.5h8a1 1 0 0 1 1 1v15a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1zM11 17.5h2",
  lock: "M7 11h10v8H7zM9 11V8.5a3 3 0 0 1 6 0V11",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", ICONS[name].endsWith("!") ? "icon filled" : "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name].replace("!", ""));
  svg.append(path);
  return svg;
}

export function iconButton(name, key, onclick, props = {}) {
  return h("button.icon-button", { type: "button", tLabel: key, tTitle: key, onclick, ...props }, icon(name));
}

export function actOn(name, key, values, onclick) {
  const node = iconButton(name, key, onclick);
  node.title = node.ariaLabel = t(key, values);
  return node;
}

export function button(name, key, onclick, kind = "") {
  return h(`button${kind && `.${kind}`}`, { type: "button", onclick }, name && icon(name), h("span", { t: key }));
}

export function field(key, control, hint) {
  return h("label.field", {}, h("span.label", { t: key }), control, hint && h("span.hint", { t: hint }));
}

/** What the daemon itself says of an error, in English, for those who ask. */
export function detailOf(text) {
  return h("details", {}, h("summary", { t: "details" }), h("p.detail", { textContent: text, lang: "en" }));
}

export function option(value, text, key) {
  const node = h("option", { value, t: key });
  if (!key) node.textContent = text;
  return node;
}

/** `control` will be heard when it is pressed: the sound device opens while it is still held down. */
export function audible(control) {
  control.dataset.audible = "";
  return control;
}

export function card(titleKey, ...children) {
  return h("section.card", {}, titleKey && h("h2", { t: titleKey, tabIndex: -1 }), ...children);
}

export function saveFile(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Above all else, and gone when it closes. What is told meanwhile stands in it: all that does not is out of reach. */
export function showModal(box) {
  document.body.append(box);
  box.showModal();
  placeNotices();
  box.addEventListener("close", () => {
    placeNotices();
    box.remove();
  }, { once: true });
}

const placeNotices = () => ([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body).append(document.querySelector(".toasts"));

/** Open a dialog that is gone when it closes; resolves with what `close(value)` was given. */
export function dialog(titleKey, build, values) {
  return new Promise((resolve) => {
    const heading = h("h2", { textContent: t(titleKey, values) });
    let value = null;
    const close = (given = null) => {
      value = given;
      box.close();
    };
    const box = h("dialog", { "aria-label": t(titleKey, values) }, heading);
    box.append(...[build(close)].flat());
    box.addEventListener("close", () => resolve(value));
    box.addEventListener("click", (event) => event.target === box && close());
    showModal(box);
  });
}

/** `values` fill the question: it names what is at stake. */
export function confirmed(questionKey, yesKey, values) {
  return dialog(questionKey, (close) =>
    h("p.actions", {}, button(null, "cancel", () => close(false)), button(null, yesKey, () => close(true), "danger")), values,
  );
}

/** Draw a list anew: who was in it is at the same control of the same row, of the last one if there are fewer, above all if there are none. */
export function renew(list, nodes, head = null) {
  const controls = (row) => [...row.querySelectorAll("button, input")];
  const focused = document.activeElement;
  const at = [...list.children].findIndex((row) => row.contains(focused));
  const place = at < 0 ? -1 : controls(list.children[at]).indexOf(focused);
  list.replaceChildren(...nodes);
  if (at < 0) return;
  const row = list.children[Math.min(at, nodes.length - 1)];
  (row ? controls(row)[place] : head?.querySelector("h2"))?.focus();
}
