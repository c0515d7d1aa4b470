// Tabs with roving focus; the address names the open one, and the browser's Back goes to the one before.

import { h, icon } from "./dom.js";

export class Tabs {
  #tabs = new Map();
  #wanted = "";

  constructor(strip, panels) {
    this.strip = strip;
    this.panels = panels;
    strip.addEventListener("keydown", (event) => this.#move(event));
    window.addEventListener("popstate", () => this.#goTo(this.named(location.hash.slice(1))));
  }

  /** `content`, or a function that loads it when the tab is first opened. */
  add(name, content) {
    const load = typeof content === "function" ? content : null;
    const tab = h("button.tab", {
      type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, "aria-selected": "false", tabIndex: -1,
      onclick: () => this.open(name),
    }, icon(name), h("span", { t: `tab.${name}` }));
    const panel = h("div.panel", { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, hidden: true, data: { tab: name } }, ...(load ? [] : [content].flat()));
    this.#tabs.set(name, { tab, panel, load });
    this.strip.append(tab);
    this.panels.append(panel);
  }

  named(name) {
    return this.#tabs.has(name) ? name : this.#tabs.keys().next().value;
  }

  get opened() {
    return [...this.#tabs].find(([, { panel }]) => !panel.hidden)?.[0];
  }

  /** Resolves once it is shown. */
  async open(name) {
    if (this.#wanted === name) return this.#show(name);
    const address = name === this.named("") ? location.pathname + location.search : `#${name}`;
    history[this.#wanted ? "pushState" : "replaceState"](null, "", address);
    return this.#show(name);
  }

  /** What is asked in a dialog belongs to the tab that is left. */
  #goTo(name) {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    this.#show(name);
  }

  async #fill(name, each) {
    const content = await each.load();
    each.filling = null;
    if (!content) return; // it is loaded when it is opened again
    each.load = null;
    each.panel.append(...[content].flat());
    if (this.#wanted === name) this.#show(name);
  }

  #show(name) {
    this.#wanted = name;
    const wanted = this.#tabs.get(name);
    if (wanted.load) return (wanted.filling ??= this.#fill(name, wanted));
    if (this.opened && this.opened !== name) window.scrollTo(0, 0);
    for (const [each, { tab, panel }] of this.#tabs) {
      const isOpen = each === name;
      tab.setAttribute("aria-selected", String(isOpen));
      tab.tabIndex = isOpen ? 0 : -1;
      panel.hidden = !isOpen;
    }
    this.panels.dispatchEvent(new CustomEvent("tab", { detail: name }));
    return undefined;
  }

  #move(event) {
    const names = [...this.#tabs.keys()];
    const at = names.indexOf(this.#wanted);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const name = names[(to + names.length) % names.length];
    this.open(name);
    this.#tabs.get(name).tab.focus();
  }
}
