// node say.mjs "Dinner is ready." dinner.wav        (node 22, or 20 with --experimental-websocket)
import { writeFileSync } from "node:fs";

const [text, path = "speech.wav"] = process.argv.slice(2);
const socket = new WebSocket(`ws://${process.env.VOICE_HOST ?? "localhost:8766"}/v1/tts`, ["voice.v1"]);
socket.binaryType = "arraybuffer";
const heard = [];

socket.onopen = () => socket.send(JSON.stringify({ type: "speak", text, final: true }));
socket.onerror = () => { console.error("the daemon does not answer"); process.exit(1); };
socket.onmessage = ({ data }) => {
  if (typeof data !== "string") return heard.push(Buffer.from(data, 8)); // after eight bytes of head
  const message = JSON.parse(data);
  if (message.type === "error") { console.error(`${message.code}: ${message.message}`); process.exit(1); }
  if (message.type !== "done") return;
  const pcm = Buffer.concat(heard);
  writeFileSync(path, Buffer.concat([head(pcm.length), pcm]));
  socket.close();
};

function head(bytes, rate = 24000) {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0); head.writeUInt32LE(36 + bytes, 4); head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16); head.writeUInt16LE(1, 20); head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24); head.writeUInt32LE(2 * rate, 28); head.writeUInt16LE(2, 32); head.writeUInt16LE(16, 34);
  head.write("data", 36); head.writeUInt32LE(bytes, 40);
  return head;
}
