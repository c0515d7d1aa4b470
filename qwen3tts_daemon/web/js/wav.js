// WAV files: 16 bits, mono, made here.

import { SAMPLE_RATE } from "./sound.js";

const HEAD_BYTES = 44;

export function toWav(samples, rate = SAMPLE_RATE) {
  const head = new DataView(new ArrayBuffer(HEAD_BYTES));
  const bytes = samples.length * 2;
  [[0, "RIFF"], [8, "WAVE"], [12, "fmt "], [36, "data"]].forEach(([at, word]) =>
    [...word].forEach((letter, i) => head.setUint8(at + i, letter.charCodeAt(0))),
  );
  head.setUint32(4, HEAD_BYTES - 8 + bytes, true);
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, rate, true);
  head.setUint32(28, rate * 2, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  head.setUint32(40, bytes, true);
  return new Blob([head, samples], { type: "audio/wav" });
}

export function toInt16(floats) {
  return Int16Array.from(floats, (value) => Math.round(Math.max(-1, Math.min(1, value)) * 32767));
}

export async function decodeFile(blob) {
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
  const audio = await context.decodeAudioData(await blob.arrayBuffer());
  const mixed = new Float32Array(audio.length);
  for (let channel = 0; channel < audio.numberOfChannels; channel++) {
    audio.getChannelData(channel).forEach((value, i) => { mixed[i] += value / audio.numberOfChannels; });
  }
  return toInt16(mixed);
}
