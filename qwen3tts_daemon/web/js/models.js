// The voice models that are missing, and how they come here: a command, or a download with its progress.

import { call, get } from "./api.js";
import { copyButton } from "./clipboard.js";
import { button, dialog, field, h, option } from "./dom.js";
import { Emitter } from "./emitter.js";
import { clock, errorKey, number, onLanguage, t } from "./i18n.js";

const GB = 1e9;
const MB = 1e6;
const SOURCES = { huggingface: "Hugging Face", modelscope: "ModelScope" };
const RUNNING = ["reading", "downloading", "checking"];
const gb = (bytes) => number((bytes ?? 0) / GB, 1);

/** What the daemon knows of them. Event: change. */
export class Models extends Emitter {
  #app;
  known = null;
  download = null;
  /** Why what has come does not speak, in the daemon's words. */
  problem = "";

  constructor(app) {
    super();
    this.#app = app;
    app.client.on("download", (download) => {
      this.download = download;
      if (this.known && !this.isRunning) this.load();
      this.emit("change");
    });
    app.client.on("voices", ({ problem }) => {
      this.problem = problem;
      if (this.known) this.load();
      else this.emit("change");
    });
  }

  get isRunning() {
    return RUNNING.includes(this.download?.state);
  }

  of(kind) {
    return this.known?.checkpoints.filter((each) => each.kind === kind) ?? [];
  }

  async load() {
    this.known = await get("v1/checkpoints").catch(() => this.known);
    this.download = this.known?.download ?? null;
    this.emit("change");
  }

  start(checkpoint, source) {
    return this.#manage({ json: { checkpoint, source } });
  }

  cancel() {
    return this.#manage({ method: "DELETE" });
  }

  async #manage(request) {
    if (await this.#app.manage(() => call("v1/checkpoints/download", request))) await this.load();
  }
}

/** What brings voices of this kind. */
function way(app, kind) {
  const { models } = app;
  const which = h("select", { onchange: () => show() });
  const source = h("select", {}, ...Object.entries(SOURCES).map(([value, name]) => option(value, name)));
  const begin = button("download", "missing.get", () => models.start(which.value, source.value));
  const cancel = button(null, "cancel", () => models.cancel());
  const bar = h("progress", { max: 1, tLabel: "missing.progress" });
  const words = h("p.hint");
  const notes = h("div");
  const command = h("code");
  const copying = h("span");
  const choice = h("div.columns", {}, field("missing.which", which), field("missing.from", source));

  function show() {
    const { download, isRunning, known } = models;
    if (!known) return;
    const chosen = which.value;
    which.replaceChildren(...models.of(kind).map((each) => option(each.name, t("missing.size", { name: each.name, n: gb(each.bytes) }))));
    if (chosen) which.value = chosen;
    const one = models.of(kind).find((each) => each.name === which.value);
    const isHere = ["here", "loaded"].includes(one.state);
    const mine = download?.checkpoint === one.name ? download : null;
    const isStopped = one.state === "incomplete" || ["cancelled", "failed"].includes(mine?.state);
    choice.hidden = isRunning;
    begin.hidden = isRunning || isHere || known.is_offline;
    begin.lastChild.dataset.t = isStopped ? "missing.resume" : "missing.get";
    begin.lastChild.textContent = t(begin.lastChild.dataset.t);
    cancel.hidden = bar.hidden = !isRunning;
    if (isRunning && download.total_bytes) bar.value = download.arrived_bytes / download.total_bytes;
    else bar.removeAttribute("value");
    words.ariaLive = isRunning ? "off" : "polite"; // its end is read out, not each second
    words.textContent = isRunning ? progressOf(download) : isHere ? t("missing.here") : mine ? endOf(mine) : known.is_offline ? t("missing.offline") : t("missing.room", { n: gb(known.free_bytes) });
    command.textContent = one.command;
    copying.replaceChildren(copyButton(one.command));
    notes.hidden = !known.obstacle;
    if (known.obstacle) notes.replaceChildren(h("p", { t: `missing.no-${known.obstacle}` }), h("p.bring", {}, h("code", { textContent: known.way_out }), copyButton(known.way_out)));
  }

  models.on("change", show);
  onLanguage(show);
  show();
  return h("div.stack", {}, choice, bar, words, h("p.bring", {}, begin, cancel), notes,
    h("div", {}, h("p.hint", { t: "missing.command" }), h("p.bring", {}, command, copying)));
}

function progressOf({ checkpoint, state, arrived_bytes: arrived, total_bytes: total, bytes_per_s: speed, seconds_left: left }) {
  if (state !== "downloading") return t(`missing.${state}`, { name: checkpoint });
  const parts = [t("missing.amount", { name: checkpoint, arrived: gb(arrived), total: gb(total) })];
  if (speed) parts.push(t("missing.speed", { n: number(speed / MB, 1) }), t("missing.left", { time: clock(left) }));
  return parts.join(" · ");
}

function endOf(download) {
  if (download.state === "failed") return `${t(errorKey(download))} ${download.message}`;
  return t(`missing.${download.state}`, { arrived: gb(download.arrived_bytes), total: gb(download.total_bytes) });
}

/** Where what has come could not be made ready; else nothing. */
export function newcomerProblem(app) {
  const words = h("p.detail", { lang: "en" });
  const node = h("div", { hidden: true, role: "status" }, h("p.wrong", { t: "missing.problem" }), words);
  app.models.on("change", () => {
    node.hidden = !app.models.problem;
    words.textContent = app.models.problem;
  });
  return node;
}

/** `content`, or what is missing for it and how it comes. */
export function needs(app, kind, key, content) {
  const missing = h("section.card.missing", { hidden: true }, h("h2", { t: "missing.title" }), h("p", { t: key }), way(app, kind), newcomerProblem(app));
  content.hidden = true;
  /** Whenever it comes into sight: room on the disk, and what stands in the way, may be other ones by then. */
  const look = () => missing.checkVisibility() && app.models.load();
  app.on("voices", () => {
    content.hidden = !app.kinds.includes(kind);
    missing.hidden = !content.hidden;
    if (!app.models.known) look();
  });
  app.tabs.panels.addEventListener("tab", look);
  return h("div.stack", {}, missing, content);
}

/** For the notice of the preview voice. */
export function betterVoices(app) {
  const node = button("download", "missing.better", () => {
    app.models.load();
    dialog("missing.better", (close) => [h("p", { t: "missing.preset" }), way(app, "preset"), h("p.actions", {}, button(null, "close", () => close()))]);
  });
  const show = () => {
    const { download, isRunning } = app.models;
    const done = isRunning && download.total_bytes ? Math.floor((100 * download.arrived_bytes) / download.total_bytes) : null;
    node.lastChild.textContent = done === null ? t("missing.better") : t("missing.better-at", { n: number(done) });
  };
  app.models.on("change", show);
  onLanguage(show);
  return node;
}
