// Before the first paint: the visitor's colours, else the system's.

(() => {
  const GROUND = { dark: "#0c0e13", light: "#f4f5fa" }; // as in style.css
  const light = matchMedia("(prefers-color-scheme: light)");
  function paint() {
    let theme = "";
    try {
      ({ theme } = JSON.parse(localStorage.getItem("qwen3tts") ?? "{}"));
    } catch {
      // a private window
    }
    document.documentElement.dataset.theme = theme || (light.matches ? "light" : "dark");
    for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
      meta.content = GROUND[theme || (meta.media.includes("light") ? "light" : "dark")];
    }
  }
  paint();
  light.addEventListener("change", paint);
  document.addEventListener("theme", paint);
})();
