// Speak: a text, a voice, a way to say it.

import { given } from "../api.js";
import { audible, button, card, field, h, icon, reasonOf, unable } from "../dom.js";
import { Follower } from "../following.js";
import { replaceText } from "../forms.js";
import { number, onLanguage, t } from "../i18n.js";
import { menu } from "../menu.js";
import { followSamples } from "../samples.js";
import { SamplingFields } from "../sampling.js";
import { recall, remember } from "../settings.js";
import { spokenView } from "../spoken.js";
import { hint } from "../telling.js";
import { unitsOf } from "../utterance.js";
import { voiceChoice } from "../voice-choice.js";
import { languageSelect } from "../voices.js";

/** Until the daemon has told. */
const MOST_CHARS = 8_000;
const WAYS = ["whisper", "cheerful", "sad", "angry", "calm", "excited", "news", "story"];

export function speakTab(app) {
  const text = h("textarea", { rows: 7, tLabel: "speak.text", tPlaceholder: "speak.placeholder", value: recall("text", ""), id: "text" });
  const behind = h("div.behind", { "aria-hidden": "true", dir: "auto" });
  const counter = h("span.counter");
  const spoken = languageSelect(app, "language");
  const instruct = h("input", { type: "text", maxLength: 2_000, tPlaceholder: "speak.instruct-like", value: recall("instruct", ""), oninput: () => remember("instruct", instruct.value) });
  const speed = h("input", { type: "range", min: 0.5, max: 2, step: 0.05, value: recall("speed", 1), tLabel: "speak.speed", oninput: () => showSpeed() });
  const speedValue = h("output");
  const sampling = new SamplingFields();
  const choice = voiceChoice(app);
  const go = audible(h("button.primary.big", { type: "submit", data: { does: "speak" } }, icon("speak"), h("span", { t: "speak.go" })));

  const whyNot = reasonOf(go);
  let over = 0;

  function showSpeed() {
    remember("speed", Number(speed.value));
    speedValue.textContent = `× ${number(Number(speed.value), 2)}`;
  }

  function count() {
    const chars = [...text.value].length;
    const most = app.client.ready?.limits.text_chars ?? MOST_CHARS;
    over = Math.max(0, chars - most);
    counter.textContent = t("speak.counter", { n: number(chars), most: number(most) });
    counter.dataset.over = String(over > 0);
    showGo();
    remember("text", text.value);
    said.refresh();
  }

  function showGo() {
    const does = app.dock?.isBusy ? "stop" : "speak";
    unable(go, over && does === "speak" ? "why.too-long" : "", { n: number(over) });
    if (go.dataset.does === does) return;
    go.dataset.does = does;
    go.replaceChildren(icon(does), h("span", { t: does === "stop" ? "speak.stop" : "speak.go" }));
  }

  function options() {
    const speedOrNone = Number(speed.value) === 1 ? "" : Number(speed.value);
    return given({ voice: app.voice, language: spoken.value, instruct: app.takesInstruct ? instruct.value.trim() : "", speed: speedOrNone, sampling: sampling.value });
  }

  function speak() {
    if (!text.value.trim()) return hint(text, "speak.empty");
    if (over) return text.focus();
    return app.unlocked(() => app.speak({ text: text.value, options: options(), title: app.nameOf(app.voice) }));
  }

  const samples = menu("more", "speak.sample", () => (app.catalogue?.languages ?? []).map((each) => [each.native_name, () => {
    replaceText(app, "speak.replaced", [[text, app.samples[each.name] ?? ""]]);
    spoken.value = each.code;
    remember("language", each.code);
    text.focus();
  }, each.code]), { hasWords: true });

  const said = spokenView(app, () => ({ input: text.value, ...given({ voice: app.voice, language: spoken.value }), ...app.reading }));
  spoken.addEventListener("change", said.refresh);
  const form = h("form.card.writer", { onsubmit: (event) => {
    event.preventDefault();
    if (go.dataset.does === "stop") app.stop();
    else speak();
  } },
    h("div.paper", {}, behind, text),
    h("div.paper-tools", {}, samples, button("close", "speak.clear", () => { replaceText(app, "speak.cleared", [[text, ""]]); text.focus(); }, "quiet"), counter),
    h("div.go-row", {}, choice.chip, go, whyNot, h("span.keys", {}, h("kbd", { textContent: "Ctrl" }), " ", h("kbd", { textContent: "Enter" }), " ", h("span", { t: "keys.speak" }), " ", h("kbd", { textContent: "Esc" }), " ", h("span", { t: "keys.stop" }))),
    said.node,
  );

  const ways = WAYS.map((way) => h("button.chip", { type: "button", t: `way.${way}`, onclick: () => { instruct.value = t(`way.${way}`); remember("instruct", instruct.value); } }));
  const told = h("div.stack", {}, field("speak.instruct", instruct), h("div.chips", {}, ...ways));
  const ignored = h("p.hint", { t: "speak.ignored", hidden: true });
  const how = card("speak.how",
    told, ignored,
    h("div.columns", {}, field("speak.language", spoken), h("label.field", {}, h("span.label", {}, h("span", { t: "speak.speed" }), " ", speedValue), speed)),
    sampling.node,
  );

  // -- the sentence that is heard --

  const follower = new Follower(text);
  let marked = "";
  function mark({ utterance, segment }) {
    const isOurs = segment && utterance.text === text.value;
    const key = isOurs ? `${segment.start}-${segment.end}` : "";
    if (key === marked) return;
    marked = key;
    if (!isOurs) return behind.replaceChildren();
    const from = unitsOf(text.value, segment.start);
    const to = unitsOf(text.value, segment.end);
    behind.replaceChildren(text.value.slice(0, from), h("mark", { textContent: text.value.slice(from, to) }), `${text.value.slice(to)}\n`);
    behind.scrollTop = text.scrollTop;
    follower.show(behind.querySelector("mark"));
  }

  text.addEventListener("input", () => { behind.replaceChildren(); marked = ""; count(); });
  text.addEventListener("scroll", () => { behind.scrollTop = text.scrollTop; });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || app.tabs.opened !== "speak") return;
    event.preventDefault();
    speak();
  });
  app.on("heard", mark);
  app.on("speaking", showGo);
  for (const on of ["voice", "voices"]) app.on(on, () => {
    told.hidden = !app.takesInstruct;
    ignored.hidden = !told.hidden;
  });
  followSamples(app, text, count);
  app.on("reuse-speak", (entry) => {
    const { voice = "" } = entry.options;
    if (voice && !app.known(voice)?.available) app.tell("history.voice-gone", { name: entry.title }, { isError: true });
    text.value = entry.text;
    instruct.value = entry.options.instruct ?? "";
    spoken.value = entry.options.language ?? "";
    speed.value = entry.options.speed ?? 1;
    sampling.value = entry.options.sampling;
    app.voice = voice;
    showSpeed();
    count();
    text.focus();
  });
  onLanguage(() => { count(); showSpeed(); });
  return h("div.speak", {}, h("div.column", {}, form, how), choice.place);
}
