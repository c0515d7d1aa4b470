// What this browser remembers of a visitor's choices.

const KEY = "qwen3tts";

let kept = {};
try {
  kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
} catch {
  // a private window, or somebody else's value
}

export const recall = (name, fallback) => kept[name] ?? fallback;

export function remember(name, value) {
  kept[name] = value;
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // then it holds until the page is closed
  }
}
