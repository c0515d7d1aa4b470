// Seed and sampling: the same fields wherever something is spoken.

import { h } from "./dom.js";

const NUMBERS = { temperature: [0, 5, 0.05], top_p: [0.01, 1, 0.01], top_k: [1, 1000, 1], repetition_penalty: [0.5, 5, 0.01] };

export class SamplingFields {
  #inputs = { seed: h("input", { type: "number", min: 0, step: 1, tPlaceholder: "speak.random" }) };

  /** `about` names the words below the fields. */
  constructor(about = "speak.more-about") {
    for (const [name, [min, max, step]] of Object.entries(NUMBERS)) {
      this.#inputs[name] = h("input", { type: "number", min, max, step, tPlaceholder: "speak.own" });
    }
    this.node = h("details", {}, h("summary", { t: "speak.more" }),
      h("div.columns", {}, ...Object.entries(this.#inputs).map(([name, input]) => h("label.field", {}, h("span.label", { t: `sampling.${name}` }), input))),
      h("p.hint", { t: about }));
  }

  /** As voice.v1 wants it. An empty field is the model's own value; 0 is 0. */
  get value() {
    return Object.fromEntries(Object.entries(this.#inputs).filter(([, input]) => input.value !== "").map(([name, input]) => [name, Number(input.value)]));
  }

  /** Open if it says anything, so that nothing holds unseen. */
  set value(sampling) {
    for (const [name, input] of Object.entries(this.#inputs)) input.value = sampling?.[name] ?? "";
    this.node.open = Object.keys(this.value).length > 0;
  }
}
