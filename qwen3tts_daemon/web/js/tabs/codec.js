// Codec: sound to tokens and back.

import { call } from "../api.js";
import { audible, button, card, field, h, reasonOf, saveFile, unable } from "../dom.js";
import { number, onLanguage, t } from "../i18n.js";
import { intro } from "../library.js";
import { needs } from "../models.js";
import { RecordingInput } from "../recording.js";
import { decodeFile } from "../wav.js";

const FRAME_S = 0.08;
const ROW = 9;

export function parseCodes(json) {
  let value;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  const codes = Array.isArray(value) ? value : value?.codes;
  const isRow = (row) => Array.isArray(row) && row.length > 0 && row.length === codes[0].length && row.every((code) => Number.isInteger(code) && code >= 0);
  return Array.isArray(codes) && codes.length > 0 && codes.every(isRow) ? codes : null;
}

export function drawCodes(canvas, codes) {
  const books = codes[0].length;
  const width = Math.max(1, Math.min(codes.length, 600));
  canvas.width = width;
  canvas.height = books * ROW;
  const pen = canvas.getContext("2d");
  for (let x = 0; x < width; x++) {
    codes[x].forEach((code, book) => {
      const shade = (code * 0.618034) % 1;
      pen.fillStyle = `hsl(${168 + shade * 92} ${58 - shade * 12}% ${22 + ((code * 7) % 53)}%)`;
      pen.fillRect(x, book * ROW, 1, ROW - 1);
    });
  }
}

export function codecTab(app) {
  const recording = new RecordingInput(app, { hasTrim: false });
  const json = h("textarea.mono", { rows: 5, spellcheck: false, oninput: () => show() });
  const canvas = h("canvas.codes", { role: "img", tLabel: "codec.view" });
  const shape = h("p.hint");
  const view = h("div.codes-view", { hidden: true }, canvas);
  const encodeButton = button("codec", "codec.encode", () => encode(), "primary");
  const decodeButton = audible(button("play", "codec.decode", () => decode(), "primary"));
  const saveButton = button("download", "codec.save", () => saveFile(new Blob([json.value], { type: "application/json" }), "codes.json"));

  function show() {
    const codes = parseCodes(json.value);
    view.hidden = codes === null;
    for (const each of [decodeButton, saveButton]) unable(each, codes ? "" : "why.no-codes");
    shape.textContent = "";
    if (codes) {
      drawCodes(canvas, codes);
      shape.textContent = t("codec.shape", { frames: number(codes.length), books: codes[0].length, n: number(codes.length * FRAME_S, 1) });
    } else if (json.value.trim()) shape.textContent = t("codec.bad");
  }

  async function busy(node, action) {
    unable(node, "why.busy");
    try {
      await action();
    } catch (error) {
      app.fail(error);
    } finally {
      unable(node, "");
      show();
    }
  }

  function encode() {
    if (recording.isEmpty) return app.tell("clone.recording-needed");
    return busy(encodeButton, async () => {
      const { codes } = await (await call("api/tokenizer/encode", { form: { ref_audio: recording.blob } })).json();
      json.value = `[${codes.map((frame) => JSON.stringify(frame)).join(",\n")}]`;
      show();
    });
  }

  function decode() {
    app.player.unlock();
    return busy(decodeButton, async () => {
      const answer = await call("api/tokenizer/decode", { json: parseCodes(json.value) });
      app.play({ samples: await decodeFile(await answer.blob()), title: t("codec.result") });
    });
  }

  const reasons = [reasonOf(encodeButton), reasonOf(decodeButton), reasonOf(saveButton, "unseen")]; // the last two are the same
  show();
  onLanguage(show);
  const content = h("div.split", {},
    card("codec.encode", recording.node, h("p.actions", {}, encodeButton, reasons[0])),
    card("codec.decode", field("codec.codes", json), view, shape, h("p.actions", {}, decodeButton, saveButton, reasons[1], reasons[2])));
  return [intro("codec.title", "codec.about"), needs(app, "cloned", "missing.codec", content)];
}
