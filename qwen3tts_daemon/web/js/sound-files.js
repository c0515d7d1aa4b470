// What was said, as a file: as it was heard, or made once more by the daemon in another format.

import { call } from "./api.js";
import { saveFile } from "./dom.js";
import { speechBody } from "./snippets.js";
import { toWav } from "./wav.js";

const FORMATS = { MP3: "mp3", FLAC: "flac", Opus: "opus" };
const ENDINGS = { opus: "ogg" };

const nameOf = ({ title, at }) =>
  `${title || "speech"}-${new Date(at).toISOString().slice(0, 19).replaceAll(":", "")}`.replace(/[^\p{L}\p{N}_.-]+/gu, "_");

/** [name of the format, what saves it] */
export function waysToSave(app, utterance) {
  const isTake = !utterance.text || utterance.options.mode === "design";
  const others = Object.entries(isTake ? {} : FORMATS).map(([name, format]) => [name, () => saveAs(app, utterance, format)]);
  return [["WAV", () => saveWav(utterance)], ...others];
}

export function saveWav(utterance) {
  saveFile(toWav(utterance.sound.samples), `${nameOf(utterance)}.wav`);
}

/** With the same seed it is the same sound. */
async function saveAs(app, utterance, format) {
  app.tell("dock.encoding", {}, { topic: "file" });
  try {
    const answer = await call("v1/audio/speech", { json: speechBody(utterance, format) });
    saveFile(await answer.blob(), `${nameOf(utterance)}.${ENDINGS[format] ?? format}`);
    app.tell("dock.saved", {}, { topic: "file" });
  } catch (error) {
    app.over("file");
    app.fail(error);
  }
}
