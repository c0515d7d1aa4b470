// ElevenLabs' package for JavaScript: both its places.
import assert from "node:assert";
import { createRequire } from "node:module";

const { ElevenLabsClient } = createRequire(import.meta.url)(process.env.PACKAGE);
const TEXT = "The kettle is on.";

for (const place of ["", "/elevenlabs"]) {
  const client = new ElevenLabsClient({ baseUrl: `http://127.0.0.1:${process.env.PORT}${place}`, apiKey: "x" });
  const { voices } = await client.voices.getAll();
  assert.deepEqual(voices.map((voice) => voice.voiceId), ["tone", "gong"]);
  assert.equal((await client.models.list())[0].modelId, "qwen3-tts");
  let bytes = 0;
  for await (const piece of await client.textToSpeech.stream("tone", { text: TEXT, outputFormat: "pcm_24000" }))
    bytes += piece.length;
  assert.equal(bytes / 48_000, (60 * TEXT.length) / 1000);
  const timed = await client.textToSpeech.convertWithTimestamps("tone", { text: TEXT });
  assert.ok(timed.audioBase64.length > 10_000);
}
console.log("voices, models, speech at both places");
