// What the tabs share: the socket, the player, the voices, and how to speak and to complain.

import { tellStory } from "./announcer.js";
import { ApiError, address, get, given, socketAddress } from "./api.js";
import { Dock } from "./dock.js";
import { button, h, iconButton, say } from "./dom.js";
import { Emitter } from "./emitter.js";
import { History } from "./history.js";
import { LANGUAGES, bestLanguage, errorKey, language, onLanguage, setLanguage, t } from "./i18n.js";
import { Models, betterVoices } from "./models.js";
import { OfflinePage } from "./offline.js";
import { askToPair, pairByAddress } from "./pairing.js";
import { Player } from "./player.js";
import { recall, remember } from "./settings.js";
import { VoiceClient } from "./socket.js";
import { Tabs } from "./tabs.js";
import { Toasts } from "./telling.js";
import { Utterance } from "./utterance.js";
import { prettyName } from "./voices.js";

const LEAD_MS = 30_000;
/** What is only made, such as a take, has no listener to wait for. */
const UNHEARD_MS = 600_000;
const byId = (id) => document.getElementById(id);
/** Nobody is asked to do anything about them: they are over once the socket is open again. */
const OF_CONNECTION = ["closed", "unreachable"];

/** Events: opened, voices, samples, voice, state, status, utterance, speaking, heard, stop, reading; reuse-TAB and again-design: an entry of the history. */
class App extends Emitter {
  client = new VoiceClient(socketAddress());
  player = new Player();
  history = new History();
  catalogue = null;
  samples = {};
  /** As it was pushed, and when. */
  status = null;
  models = new Models(this);
  statusAt = 0;

  get kinds() {
    return this.catalogue?.kinds ?? [];
  }

  known(id) {
    return this.catalogue?.voices.find((each) => each.id === id);
  }

  get voice() {
    const id = recall("voice", "");
    return this.known(id)?.available ? id : "";
  }

  set voice(id) {
    remember("voice", id);
    this.emit("voice");
  }

  /** Of the chosen voice. */
  get takesInstruct() {
    return (this.known(this.voice) ?? this.catalogue?.voices[0])?.takes_instruct;
  }

  /** Whether numbers and signs become words, where the visitor has said it. */
  get reading() {
    return given({ text_normalization: recall("numbers", "") });
  }

  set reading(isOn) {
    remember("numbers", isOn);
    this.emit("reading");
  }

  nameOf(id) {
    const voice = this.known(id);
    return voice ? prettyName(voice) : t("voice.auto");
  }

  async loadVoices() {
    this.catalogue = await get("v1/audio/voices");
    this.emit("voices");
  }

  /** What was pushed of the voices. A sample that was made changes nothing that is shown. */
  async keepUp({ revision, samples }) {
    const isNew = samples !== (this.#samplesMade ?? samples);
    this.#samplesMade = samples;
    if (this.catalogue === null) return;
    if (this.catalogue.revision !== revision) await this.loadVoices();
    else if (isNew) this.catalogue = await get("v1/audio/voices");
  }

  #samplesMade = undefined;

  async loadSamples() {
    this.samples = await get(`api/sample-texts?locale=${language()}`);
    this.emit("samples");
  }

  /** Speak, instead of what was heard before, or only make it (`isPlayed` false). */
  speak({ text, options, title, isKept = true, isPlayed = true, isLive = false, policy = isPlayed ? "preempt" : "queue" }) {
    const sampling = { seed: Math.floor(Math.random() * 2 ** 31), ...options.sampling };
    const utterance = new Utterance({ text, options: { ...this.reading, ...options, sampling }, title, isKept });
    utterance.sound.isLive = isLive;
    const context = this.client.context({ ...utterance.options, policy, lead_ms: isPlayed || isLive ? LEAD_MS : UNHEARD_MS });
    utterance.follow(context);
    if (!isPlayed) context.on("error", (error) => this.fail(error)); // else the player tells it
    context.on("done", async ({ reason }) => {
      if (reason !== "complete" && reason !== "limit") return;
      await this.#nameVoice(utterance);
      if (utterance.isKept && utterance.sound.length) await this.history.add(utterance);
    });
    if (!isLive) context.speak(text, true); // before anything is drawn, which takes as long as the engine's first sound
    if (isPlayed) {
      this.#toasts.over("error");
      this.dock.show(utterance);
    }
    return utterance;
  }

  /** The same text once more, with other settings where `changes` says so. */
  speakAgain({ text, options, title, isKept }, changes = {}) {
    return this.speak({ text, title, isKept, options: given({ ...options, ...changes }) });
  }

  async #nameVoice(utterance) {
    const { voice, mode } = utterance.options;
    if (voice || mode === "design") return;
    const report = await get(`v1/audio/requests/${utterance.requestId}`).catch(() => null);
    const found = this.known(report?.voice);
    if (found) utterance.rename(prettyName(found));
  }

  /** A sound that nobody speaks now. */
  play({ samples, title, text = "", ...kept }) {
    this.dock.show(Utterance.of({ samples, title, text, isKept: false, ...kept }));
  }

  stop() {
    const { utterance } = this.dock;
    const playedMs = (this.player.position / 24_000) * 1000;
    this.player.stop();
    utterance?.context?.cancel(playedMs);
    this.emit("stop");
  }

  // -- telling --

  #toasts = new Toasts(byId("message"), byId("alert"));

  /** See Toasts.tell. */
  tell(key, values, options) {
    this.#toasts.tell(key, values, options);
  }

  /** The code of an error is translated, its own words are shown as they are. */
  fail(error) {
    if (!(error instanceof ApiError) && error instanceof Error) console.warn(error.message);
    const topic = OF_CONNECTION.includes(error.code) ? "connection" : "";
    this.tell(errorKey(error), {}, { isError: true, detail: error.message ?? "", topic });
  }

  /** What was told of this topic is so no longer. */
  over(topic) {
    this.#toasts.over(topic);
  }

  async manage(action) {
    for (;;) {
      try {
        return await action();
      } catch (error) {
        if (error.code !== "unauthorized") {
          this.fail(error);
          return undefined;
        }
        if (!(await askToPair(this))) return undefined;
      }
    }
  }

  /** As `manage`, but raises what is wrong with the action. */
  async attempt(action) {
    let wrong = null;
    const done = await this.manage(async () => {
      try {
        return await action();
      } catch (error) {
        if (error.code === "unauthorized") throw error;
        wrong = error;
        return undefined;
      }
    });
    if (wrong) throw wrong;
    return done;
  }

  get isLocked() {
    return document.body.dataset.locked === "true";
  }

  /** Does what somebody wants to be spoken; a locked page asks to be paired first. */
  async unlocked(action) {
    return this.isLocked && !(await askToPair(this)) ? undefined : action();
  }

  async begin() {
    try {
      await this.loadVoices();
      document.body.dataset.locked = "false";
      await this.loadSamples();
      this.client.watch();
      this.client.connect();
      this.emit("voices");
    } catch (error) {
      if (error.code === "unreachable") this.client.connect(); // which tries on
      if (error.code !== "unauthorized") return this.fail(error);
      document.body.dataset.locked = "true";
      showState(this, "locked");
    }
    return undefined;
  }
}

function showState(app, state) {
  const pill = byId("state");
  const shown = app.dock.isBusy && state === "ready" ? "speaking" : state;
  if (pill.dataset.state === shown) return;
  pill.dataset.state = shown;
  say(pill, `state.${shown}`);
}

function languageSelect(app) {
  const select = h("select.quiet", { tLabel: "page.language", onchange: async () => {
    remember("page", select.value);
    await setLanguage(select.value);
    if (app.catalogue) await app.loadSamples();
  } }, ...Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, lang: code, textContent: name })));
  select.value = language();
  return select;
}

/** The panel of a tab whose module is loaded now, and hears what the others have heard. Nothing, if it cannot be had. */
async function loadPanel(app, load) {
  try {
    const panel = (await load())(app);
    for (const [event, value] of Object.entries({ voices: app.catalogue, samples: app.samples, status: app.status, utterance: app.dock.utterance })) {
      if (value) app.emit(event, value);
    }
    return panel;
  } catch {
    app.fail({ code: "unreachable" });
    return null;
  }
}

/** Build the page and connect. `makers`: [tab and icon, function that makes the panel, or { load } that gives it]. */
export async function start(makers) {
  const app = new App();
  await setLanguage(recall("page", "") || bestLanguage(navigator.languages));
  onLanguage((code) => { document.querySelector("link[rel=manifest]").href = address(`web/manifest/${code}.webmanifest`); });
  app.dock = new Dock(app);
  document.body.append(app.dock.node);
  tellStory(app);
  byId("language").replaceChildren(languageSelect(app));
  const tabs = new Tabs(byId("tabs"), byId("main"));
  app.tabs = tabs;
  for (const [name, make] of makers) tabs.add(name, make.load ? () => loadPanel(app, make.load) : make(app));
  const update = () => showState(app, app.client.state);
  app.client.on("state", (state) => {
    app.emit("state", state);
    if (state === "locked") document.body.dataset.locked = "true";
    update();
  });
  const offline = new OfflinePage();
  let wasLost = false;
  app.client.on("state", (state) => { wasLost ||= state === "offline"; });
  app.client.on("open", () => {
    app.over("connection");
    if (wasLost || app.catalogue === null) offline.check();
    if (app.catalogue === null) app.begin();
  });
  app.client.on("status", (status) => {
    Object.assign(app, { status, statusAt: performance.now() });
    app.emit("status", status);
  });
  app.client.on("voices", (told) => app.keepUp(told).catch(() => {}));
  app.on("speaking", update);
  app.on("voices", () => {
    byId("preview").hidden = !app.catalogue.preview || recall("preview-seen", false);
  });
  byId("preview").append(betterVoices(app), iconButton("close", "preview-close", () => {
    remember("preview-seen", true);
    byId("preview").hidden = true;
  }));
  for (const link of document.querySelectorAll(".skip")) link.addEventListener("click", (event) => {
    event.preventDefault(); // the address is that of a tab
    byId(link.hash.slice(1)).focus();
  });
  byId("unlock").append(button("lock", "pair.open", () => askToPair(app), "primary"));
  document.addEventListener("keydown", (event) => event.key === "Escape" && !document.querySelector("dialog[open]") && app.stop());
  document.addEventListener("pointerdown", ({ target }) => target.closest("[data-audible]") && app.player.prepare());
  document.addEventListener("keydown", ({ key, target }) => key === " " && target.matches("[data-audible]") && app.player.prepare());
  for (const gesture of ["pointerup", "keydown"]) document.addEventListener(gesture, () => app.player.wake());
  for (const moment of ["online", "focus"]) window.addEventListener(moment, () => app.catalogue && app.client.connect());
  await app.history.open();
  app.emit("opened");
  await pairByAddress(app);
  window.addEventListener("hashchange", async () => (await pairByAddress(app)) && app.begin());
  tabs.open(tabs.named(location.hash.slice(1)));
  document.body.dataset.built = "true";
  await app.begin();
  const wasAway = app.catalogue === null;
  offline.keep(() => (wasAway ? location.reload() : app.tell("page.renewed")));
  return app;
}
