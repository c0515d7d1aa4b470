// Status: what the next text waits for, what is loaded, memory; figures for experts in a fold; and who else is let in.

import { call } from "../api.js";
import { button, card, h, say } from "../dom.js";
import { figuresOf } from "../figures.js";
import { number, onLanguage, t } from "../i18n.js";
import { newcomerProblem } from "../models.js";
import { nextText } from "../next-text.js";
import { invitingCard } from "../pairing.js";

const FIGURES = ["first", "own", "ttfa", "load", "wait", "generation", "total", "length", "rtf", "buffer", "underruns", "queue"];
const GIB = 1024;
const HELD = ["ready", "sleeping"];
const SECOND_MS = 1_000;

export function statusTab(app) {
  const next = h("strong.state.next", { t: "next.unknown" });
  const loaded = h("ul.rows");
  const lastHour = h("p.hint");
  const speed = h("p.hint");
  const models = h("tbody");
  const device = h("p.device");
  const memory = h("meter", { min: 0, max: 1, value: 0, tLabel: "status.memory-label" });
  const memoryWords = h("p.hint");
  const rows = h("meter", { min: 0, max: 1, value: 0, tLabel: "status.rows-label" });
  const rowsWords = h("p.hint");
  const offload = button("upload", "status.offload", () => giveBack());
  const cells = Object.fromEntries(FIGURES.map((key) => [key, h("dd")]));
  const figures = h("dl.big-figures", {}, ...FIGURES.map((key) => h("div", { data: { figure: key } }, h("dt", { t: `figure.${key}` }), cells[key])));
  const nothing = h("p.empty", { t: "status.nothing" });
  const giving = h("div.stack", { hidden: true }, h("p.actions", {}, offload), h("p.hint"));
  const program = h("dl.facts");

  async function giveBack() {
    if (await app.manage(() => call("api/gpu-offload", { method: "POST" }))) app.tell("status.offloaded");
  }

  function showNext() {
    const { status, statusAt } = app;
    if (!status) return;
    const isThere = app.client.state !== "offline";
    const ageS = (performance.now() - statusAt) / SECOND_MS;
    next.dataset.state = isThere ? (status.stands_in ? "ready" : status.state) : "offline";
    say(next, ...(isThere ? spread(nextText(status, ageS)) : ["state.offline"]));
    clearTimeout(ticking);
    if (isThere && status.state === "loading") ticking = setTimeout(showNext, SECOND_MS);
  }

  function showStatus() {
    const { status } = app;
    if (!status) return;
    showNext();
    loaded.replaceChildren(...status.models.map((model) => h("li.row", {},
      h("span.voice-words", {}, h("strong", { textContent: model.name }), h("span.about", { t: `does.${model.kind}` })),
      h("span.state", { data: { state: model.state }, t: `model.${model.state}` }))));
    const isHeld = !status.text_goes_to && status.models.some(({ state }) => HELD.includes(state));
    giving.hidden = !isHeld;
    say(giving.lastChild, status.total_mb === null ? "status.offload-machine" : "status.offload-graphics");
    const { real_time: measured } = status;
    speed.hidden = !measured;
    if (measured) speed.textContent = t(`speed.${measured.state}`, { size: measured.size, ms: number(measured.frame_ms ?? 0) });
    lastHour.textContent = t("status.last-hour", { n: number(status.last_hour) });
    models.replaceChildren(...status.models.map((model) => h("tr", {},
      h("th", { scope: "row", textContent: model.name }), h("td", { t: `does.${model.kind}` }),
      h("td", {}, h("span.state", { data: { state: model.state }, t: `model.${model.state}` })),
      h("td", { textContent: model.memory_mb === null ? "–" : `${number(model.memory_mb / GIB, 1)} GB` }))));
    device.textContent = status.text_goes_to ? t("status.elsewhere", { host: status.text_goes_to }) : status.device || t("status.none");
    const isKnown = status.total_mb !== null && status.free_mb !== null;
    memory.hidden = memoryWords.hidden = !isKnown;
    if (isKnown) {
      memory.value = 1 - status.free_mb / status.total_mb;
      memoryWords.textContent = t("status.memory", { used: number((status.total_mb - status.free_mb) / GIB, 1), total: number(status.total_mb / GIB, 1) });
    }
    rows.value = status.active / status.rows;
    rowsWords.textContent = t("status.rows", { active: number(status.active), rows: number(status.rows) });
  }

  function showFigures() {
    const { utterance } = app.dock ?? {};
    figures.hidden = !utterance;
    nothing.hidden = Boolean(utterance);
    if (!utterance) return;
    const values = figuresOf(utterance, app.player);
    for (const key of FIGURES) if (cells[key].textContent !== values[key]) cells[key].textContent = values[key];
  }

  function showProgram() {
    const version = app.client.ready?.server.version;
    const player = app.player.kind ? `status.player-${app.player.kind}` : "status.player-none";
    const facts = [["status.version", { textContent: version || "–" }], ["status.player", { t: player }]];
    program.replaceChildren(...facts.map(([key, props]) => h("div", {}, h("dt", { t: key }), h("dd", props))));
  }

  let ticking = null;
  for (const event of ["status", "voices"]) app.on(event, showStatus);
  app.on("state", showNext);
  for (const event of ["utterance", "heard"]) app.on(event, showFigures);
  for (const event of ["state", "voices", "utterance"]) app.on(event, showProgram);
  onLanguage(() => { showStatus(); showFigures(); showProgram(); });
  return h("div.split", {},
    h("div.stack", {},
      card("status.now", h("p", {}, next), newcomerProblem(app), loaded, h("div", {}, device, memory, memoryWords), speed, lastHour, giving),
      h("details.card", {}, h("summary", { t: "status.experts" }),
        h("div.scroll", { tabIndex: 0, role: "group", tLabel: "status.models" }, h("table", {}, h("thead", {}, h("tr", {}, ...["model", "kind", "state", "size"].map((name) => h("th", { scope: "col", t: `status.${name}` })))), models)),
        h("div", {}, rows, rowsWords),
        h("h3", { t: "status.last" }), nothing, figures, program)),
    invitingCard(app));
}

const spread = ([key, values]) => [key, "t", values];
