// Live: words go out as they are typed, and are heard before the sentence ends.

import { given } from "../api.js";
import { audible, button, card, field, h } from "../dom.js";
import { Follower } from "../following.js";
import { t } from "../i18n.js";
import { intro } from "../library.js";
import { languageSelect, voiceSelect } from "../voices.js";

/** Messages are counted by the daemon: several words go together. */
const SEND_MS = 80;
const DEMO_MS = 70;
/** A word is finished by a space or a mark; ideographs need no end. */
const FINISHED = /^.*(?:[\s.,;:!?…。、，；：！？]|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])/su;

export function finishedPart(typed) {
  return typed.match(FINISHED)?.[0] ?? "";
}

export function liveTab(app) {
  const voice = voiceSelect(app);
  const spoken = languageSelect(app, "live-language");
  const box = h("textarea", { rows: 2, tPlaceholder: "live.box-like" });
  const said = h("p.said", { dir: "auto", tabIndex: 0, role: "region", tLabel: "live.said" });
  const none = h("span.hint", { t: "live.none" });
  const follower = new Follower(said);
  let utterance = null;
  let pending = "";
  let timer = null;
  let demo = null;
  said.append(none);

  function isOpen() {
    return utterance !== null && utterance.isRunning && !utterance.context.textEnded;
  }

  function open() {
    const options = given({ voice: app.voice, language: spoken.value, split: "clause" });
    utterance = app.speak({ text: "", title: app.nameOf(app.voice), isLive: true, options });
    said.replaceChildren();
    const mine = utterance;
    mine.context.on("done", () => mine === utterance && stopDemo());
  }

  function send(text) {
    if (!text) return;
    pending += text;
    timer ??= setTimeout(deliver, SEND_MS);
  }

  function deliver() {
    clearTimeout(timer);
    timer = null;
    if (!pending) return;
    if (!isOpen()) open();
    utterance.text += pending;
    utterance.context.speak(pending);
    said.append(h("span", { textContent: pending }));
    if (!said.querySelector("mark")) said.scrollTop = said.scrollHeight;
    pending = "";
  }

  function take(all) {
    if (app.isLocked) return; // it stays in the box
    const part = all ? box.value : finishedPart(box.value);
    box.value = box.value.slice(part.length);
    send(part);
  }

  function flush() {
    take(true);
    deliver();
    if (isOpen()) utterance.context.flush();
  }

  function end() {
    stopDemo();
    take(true);
    deliver();
    if (isOpen()) utterance.context.end();
  }

  function stopDemo() {
    clearInterval(demo);
    demo = null;
  }

  function play() {
    end();
    app.player.unlock();
    open();
    const pieces = t("live.demo-text").match(/\S{1,4}\s*|\s+/g);
    demo = setInterval(() => {
      if (pieces.length) send(pieces.shift());
      else end();
    }, DEMO_MS);
  }

  box.addEventListener("input", (event) => { if (!event.isComposing) take(false); });
  box.addEventListener("compositionend", () => take(false));
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    box.value += "\n";
    app.unlocked(flush);
  });
  app.on("stop", () => { stopDemo(); pending = ""; });
  app.on("heard", (heard) => {
    if (heard.utterance !== utterance || !utterance) return;
    const { segment } = heard;
    const key = segment ? `${segment.start}-${segment.end}-${utterance.text.length}` : "";
    if (said.dataset.key === key) return;
    said.dataset.key = key;
    const points = [...utterance.text];
    const [from, to] = segment ? [segment.start, segment.end] : [0, 0];
    said.replaceChildren(points.slice(0, from).join(""), h("mark", { textContent: points.slice(from, to).join("") }), points.slice(to).join(""));
    if (segment) follower.show(said.querySelector("mark"));
  });
  return [intro("live.title", "live.about"),
    card(null,
      said, field("live.box", box),
      h("div.columns", {}, field("voice.title", voice), field("speak.language", spoken)),
      h("p.actions", {}, audible(button("speak", "live.flush", () => app.unlocked(flush), "primary")), button("check", "live.end", end), audible(button("live", "live.demo", () => app.unlocked(play)))))];
}
