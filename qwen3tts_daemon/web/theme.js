// Before the first paint: the visitor's colours, else the system's.

(() => {
  const light = matchMedia("(prefers-color-scheme: light)");
  function paint() {
    let theme = "";
    try {
      ({ theme } = JSON.parse(localStorage.getItem("qwen3tts") ?? "{}"));
    } catch {
      // a private window
    }
    document.documentElement.dataset.theme = theme || (light.matches ? "light" : "dark");
  }
  paint();
  light.addEventListener("change", paint);
  document.addEventListener("theme", paint);
})();
