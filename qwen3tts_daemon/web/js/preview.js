// A voice is tried: its sample is played if the daemon has made one, else it speaks.

import { call } from "./api.js";
import { prettyName } from "./voices.js";
import { decodeFile } from "./wav.js";

export async function preview(app, voice) {
  app.player.unlock();
  const samples = app.known(voice.id)?.has_sample && (await fetchSample(voice));
  if (samples) return app.play({ samples, title: prettyName(voice), text: sampleText(app, voice) });
  return app.speak({ text: sampleText(app, voice), title: prettyName(voice), isKept: false, options: { voice: voice.id, language: languageOf(voice) } });
}

const languageOf = (voice) => voice.language || voice.languages[0];

function sampleText(app, voice) {
  const name = app.catalogue.languages.find((each) => each.code === languageOf(voice))?.name;
  return app.samples[name] ?? app.samples.Auto;
}

/** null if it is gone. */
async function fetchSample(voice) {
  try {
    return await decodeFile(await (await call(`v1/audio/voices/${encodeURIComponent(voice.id)}/sample`)).blob());
  } catch {
    return null;
  }
}
