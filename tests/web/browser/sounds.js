// Sound files for tests.

/** A tone, as Playwright takes files. */
export function wav(seconds, frequency = 300) {
  const samples = Buffer.alloc(Math.round(seconds * 24_000) * 2);
  for (let i = 0; i < samples.length / 2; i++) samples.writeInt16LE(Math.round(8_000 * Math.sin((2 * Math.PI * frequency * i) / 24_000)), 2 * i);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(24_000, 24);
  head.writeUInt32LE(48_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return { name: "somebody.wav", mimeType: "audio/wav", buffer: Buffer.concat([head, samples]) };
}
