// The page's own languages. Elements name their words (data-t), so that a change of language finds them again.

export const LANGUAGES = { en: "English", "zh-CN": "简体中文", "zh-TW": "繁體中文", ja: "日本語" };

const PLACES = {
  t: (node, text) => { node.textContent = text; },
  tLabel: (node, text) => node.setAttribute("aria-label", text),
  tTitle: (node, text) => node.setAttribute("title", text),
  tPlaceholder: (node, text) => node.setAttribute("placeholder", text),
};
export const TRANSLATED = Object.keys(PLACES);

let words = {};
let current = "en";
let wanted = "en";
const listeners = new Set();

export const language = () => current;

function find(key) {
  const [group, ...rest] = key.split(".");
  return rest.length ? words[group]?.[rest.join(".")] : words[group];
}

export function t(key, values = {}) {
  return (find(key) ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const has = (key) => find(key) !== undefined;

export const errorKey = ({ code }) => (has(`error.${code}`) ? `error.${code}` : "error.internal");

export function bestLanguage(tags) {
  for (const tag of tags) {
    const lower = tag.toLowerCase();
    if (/^zh-(tw|hk|mo|hant)/.test(lower)) return "zh-TW";
    const base = lower.split("-")[0];
    const found = Object.keys(LANGUAGES).find((code) => code.toLowerCase().split("-")[0] === base);
    if (found) return found;
  }
  return "en";
}

export async function setLanguage(code) {
  wanted = code;
  const { default: found } = await import(`./i18n/${code}.js`);
  if (wanted !== code) return; // somebody has changed their mind meanwhile
  words = found;
  current = code;
  document.documentElement.lang = code;
  document.title = t("title");
  translate(document);
  for (const listener of listeners) listener(code);
}

export function onLanguage(listener) {
  listeners.add(listener);
  listener(current);
}

export function translate(root) {
  for (const node of root.querySelectorAll("[data-t], [data-t-label], [data-t-title], [data-t-placeholder]")) {
    translateNode(node);
  }
}

export function translateNode(node) {
  for (const place of TRANSLATED) {
    if (node.dataset[place]) PLACES[place](node, t(node.dataset[place], JSON.parse(node.dataset.values ?? "{}")));
  }
}

export function languageName(code, of = current) {
  try {
    return new Intl.DisplayNames([of], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** "A, B and C" */
export const listOf = (names) => new Intl.ListFormat(current).format(names);

export const number = (value, digits = 0) =>
  value.toLocaleString(current, { minimumFractionDigits: digits, maximumFractionDigits: digits });

export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export const inSeconds = (value) =>
  new Intl.NumberFormat(current, { style: "unit", unit: "second", unitDisplay: "long", maximumFractionDigits: 1 }).format(value);
