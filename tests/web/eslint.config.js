// A few rules that find mistakes; how the code looks is the writer's business.

const browser = ["AbortController", "AnalyserNode", "AudioContext", "AudioWorkletNode", "Blob", "CustomEvent", "File", "FormData", "Event", "MediaRecorder", "OfflineAudioContext", "ResizeObserver", "URL", "URLSearchParams", "WebSocket", "cancelAnimationFrame", "clearInterval", "clearTimeout", "console", "document", "fetch", "getComputedStyle", "history", "indexedDB", "localStorage", "location", "matchMedia", "navigator", "performance", "requestAnimationFrame", "setInterval", "setTimeout", "window"];
const serviceWorker = ["URL", "caches", "fetch", "self"];
const worklet = ["AudioWorkletProcessor", "currentTime", "registerProcessor", "sampleRate"];
const node = ["Buffer", "URL", "console", "document", "fetch", "globalThis", "location", "performance", "process", "setTimeout", "WebSocket"];
const tests = ["AudioContext", "axe", "Event", "caches", "getComputedStyle", "localStorage", "navigator", "window", "DataTransfer", "File", "MutationObserver", "NodeFilter", "isSecureContext", "Blob"];

const globals = (...lists) => Object.fromEntries(lists.flat().map((name) => [name, "readonly"]));

const rules = {
  "no-undef": "error", "no-unused-vars": ["error", { argsIgnorePattern: "^_" }], "no-var": "error", "prefer-const": "error",
  eqeqeq: "error", "no-shadow": "error", "no-implied-eval": "error", "no-eval": "error", "no-new-func": "error",
  "no-unreachable": "error", "no-dupe-keys": "error", "no-duplicate-imports": "error", "no-self-assign": "error",
  "no-fallthrough": "error", "no-unused-private-class-members": "error", "no-alert": "error",
  "no-restricted-properties": ["error", ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({ property }))],
};

export default [
  { files: ["qwen3tts_daemon/web/**/*.js"], ignores: ["**/service-worker.js"], rules, languageOptions: { globals: globals(browser, worklet) } },
  { files: ["**/service-worker.js"], rules, languageOptions: { globals: globals(serviceWorker) } },
  { files: ["tests/web/**/*.js", "benchmarks/*.mjs"], rules: { ...rules, "no-shadow": "off" }, languageOptions: { globals: globals(node, tests) } },
];
