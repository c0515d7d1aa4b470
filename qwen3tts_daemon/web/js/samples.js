// Something to say, in the language of the page.

/** A sample stands in `area`, and follows the page's language, until somebody has written something else. */
export function followSamples(app, area, changed = () => {}) {
  let shown = "";
  function show() {
    if (!app.samples.Auto || area.value !== shown) return;
    shown = area.value = app.samples.Auto;
    changed();
  }
  app.on("samples", show);
  show();
}
