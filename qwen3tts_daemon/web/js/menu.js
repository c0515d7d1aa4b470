// A button with a list below it: arrow keys, Escape, and a click elsewhere.

import { h, icon } from "./dom.js";
import { t } from "./i18n.js";

/** `entries()` gives [words, action] or [words, action, lang] each time it opens. `values` fill its name, which then stays. */
export function menu(iconName, key, entries, { hasWords = false, values = null } = {}) {
  const name = values ? { title: t(key, values), "aria-label": t(key, values) } : { tLabel: key, tTitle: key };
  const list = h("div.menu-list", { role: "menu", hidden: true, ...(values ? { "aria-label": t(key, values) } : { tLabel: key }) });
  const opener = h(hasWords ? "button.quiet" : "button.icon-button", {
    type: "button", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => set(list.hidden),
    ...(hasWords ? {} : name),
  }, icon(iconName), hasWords && h("span", { t: key }));
  const node = h("div.menu", {}, opener, list);

  function set(isOpen) {
    if (isOpen) {
      list.replaceChildren(...entries().map(([words, action, lang]) =>
        h("button", { type: "button", role: "menuitem", textContent: words, lang, onclick: () => { set(false); opener.focus(); action(); } })));
    }
    list.hidden = !isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) list.firstElementChild?.focus();
  }

  node.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const items = [...list.children];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Escape") {
      event.stopPropagation();
      set(false);
      opener.focus();
    } else if (to !== undefined) {
      event.preventDefault();
      items[(to + items.length) % items.length].focus();
    }
  });
  node.addEventListener("focusout", (event) => !node.contains(event.relatedTarget) && set(false));
  return Object.assign(node, { opener });
}
