// Fields that keep what was written in them, and say how long it may be.

import { h } from "./dom.js";
import { number, onLanguage, t } from "./i18n.js";
import { recall, remember } from "./settings.js";

const VALUES = { checkbox: "checked" };

/** `control`, with what was in it when the page was last open. */
export function kept(control, name) {
  const value = VALUES[control.type] ?? "value";
  control[value] = recall(name, control[value]);
  for (const event of ["input", "change"]) control.addEventListener(event, () => remember(name, control[value]));
  return control;
}

/** As if it were typed. */
export function fill(control, value) {
  control.value = value;
  control.dispatchEvent(new Event("input"));
}

/** Give what is in these another value; the visitor may take it back. `values`: [control, value] */
export function replaceText(app, key, values) {
  const before = values.map(([control]) => [control, control.value]);
  for (const [control, value] of values) fill(control, value);
  const isLost = before.some(([control, value]) => value.trim() && value !== control.value);
  if (isLost) app.tell(key, {}, { action: ["undo", () => before.forEach(([control, value]) => fill(control, value))] });
}

/** A labelled field that shows its `maxLength`. Whoever fills it without a visitor dispatches `filled`. */
export function limitedField(key, control) {
  const counter = h("span.counter", { "aria-hidden": "true" });
  const count = () => { counter.textContent = t("speak.counter", { n: number(control.value.length), most: number(control.maxLength) }); };
  for (const event of ["input", "filled"]) control.addEventListener(event, count);
  onLanguage(count);
  return h("label.field", {}, h("span.label-row", {}, h("span.label", { t: key }), counter), control);
}
