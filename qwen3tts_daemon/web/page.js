// The page: text in, sound out. Whatever comes from the daemon is shown as text, never as markup.

import { Player } from "./player.js";
import { SAMPLE_RATE, Voice } from "./voice.js";

const STATES = {
  ready: "Ready",
  idle: "Ready",
  loading: "Loading the voice",
  draining: "Stopping",
  offline: "Offline",
  locked: "Locked",
};

const element = (id) => document.getElementById(id);
const here = new URL(".", location.href);

let voices = [];
let player = null;
let askedAt = 0;
let state = "loading";

const voice = new Voice(socketUrl(), { state: showState, sound: hear, done: finish, error: fail });

function socketUrl() {
  const url = new URL("v1/tts", here);
  url.protocol = url.protocol.replace("http", "ws");
  return url;
}

// -- access ---------------------------------------------------------------------------------------------

/** The token of `#token=...` becomes a cookie that scripts cannot read, and leaves the address bar. */
async function logIn() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  await fetch(new URL("v1/session", here), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
}

/** False if this visitor may not see them. */
async function loadVoices() {
  const answer = await fetch(new URL("v1/audio/voices", here));
  if (answer.status === 401) {
    element("locked").hidden = false;
    showState("locked");
    return false;
  }
  if (!answer.ok) throw new Error((await answer.json()).error.message);
  const catalogue = await answer.json();
  voices = catalogue.voices;
  element("preview").hidden = !catalogue.preview;
  for (const { code, name, native_name } of catalogue.languages) {
    element("language").append(new Option(name === native_name ? name : `${native_name} (${name})`, code));
  }
  element("language").value = remembered("language");
  listVoices();
  element("voice").value = remembered("voice");
  return true;
}

// -- choices --------------------------------------------------------------------------------------------

/** The voices of the chosen language, or all of them. */
function listVoices() {
  const language = element("language").value;
  const select = element("voice");
  const chosen = select.value;
  const spoken = voices.filter((each) => !language || each.languages.includes(language));
  select.length = 1;
  for (const { id, description } of spoken) select.append(new Option(description || id, id));
  select.value = spoken.some((each) => each.id === chosen) ? chosen : "";
}

/** A choice of the last visit, if it is still offered. */
function remembered(id) {
  const value = localStorage.getItem(id) ?? "";
  return [...element(id).options].some((option) => option.value === value) ? value : "";
}

// -- speech ---------------------------------------------------------------------------------------------

async function speak() {
  const text = element("text").value;
  if (!text.trim()) return tell("There is no text yet.");
  stop();
  player = new Player(SAMPLE_RATE);
  player.onSilence = () => player && voice.context === null && stop();
  askedAt = performance.now();
  for (const id of ["ttfa", "rtf", "length"]) element(id).textContent = "–";
  tell("");
  showSpeaking(true);
  try {
    await voice.speak(text, { voice: element("voice").value, language: element("language").value });
  } catch {
    fail({ message: "The daemon cannot be reached." });
  }
}

function stop() {
  voice.cancel();
  player?.stop();
  player = null;
  showSpeaking(false);
}

function hear(samples) {
  if (player === null) return;
  const isFirst = player.msUntilSound === null;
  player.push(samples);
  if (isFirst) {
    const ms = performance.now() - askedAt + player.msUntilSound;
    element("ttfa").textContent = `${Math.round(ms)} ms`;
  }
}

function finish({ reason, metrics }) {
  if (metrics.rtf !== undefined) element("rtf").textContent = metrics.rtf.toFixed(2);
  element("length").textContent = `${(metrics.audio_ms / 1000).toFixed(1)} s`;
  if (reason === "limit") tell("The text was longer than one utterance may be.");
  if (player?.isSilent) stop();
}

function fail({ message }) {
  stop();
  tell(message, "error");
}

// -- what is seen ---------------------------------------------------------------------------------------

function showState(name) {
  state = name;
  showSpeaking(player !== null);
}

function showSpeaking(isSpeaking) {
  element("speak").textContent = isSpeaking ? "Stop" : "Speak";
  element("state").dataset.state = isSpeaking && state !== "loading" ? "speaking" : state;
  element("state").textContent = isSpeaking && state !== "loading" ? "Speaking" : (STATES[state] ?? state);
}

function tell(message, kind = "") {
  element("message").textContent = message;
  element("message").dataset.kind = kind;
}

element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (player === null) speak();
  else stop();
});
element("language").addEventListener("change", () => {
  localStorage.setItem("language", element("language").value);
  listVoices();
});
element("voice").addEventListener("change", () => localStorage.setItem("voice", element("voice").value));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") stop();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    speak();
  }
});

try {
  await logIn();
  if (await loadVoices()) await voice.connect();
} catch (error) {
  tell(error.message, "error");
}
