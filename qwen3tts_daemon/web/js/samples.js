// Something to say, in the language of the page.

/** A sample stands in `area`, and follows the page's language, until somebody has written something else. */
export function followSamples(app, area) {
  let shown = "";
  app.on("samples", () => {
    if (area.value !== shown) return;
    shown = area.value = app.samples.Auto;
    area.dispatchEvent(new Event("input"));
  });
}
