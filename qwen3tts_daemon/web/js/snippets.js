// The same request for a terminal and for a program.

import { address, given, socketAddress } from "./api.js";
import { copyButton } from "./clipboard.js";
import { button, dialog, h } from "./dom.js";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function speechBody({ text, options }, format) {
  const { voice, language, instruct, speed, sampling = {}, text_normalization } = options;
  const body = { input: text, voice, language, instructions: instruct, speed, text_normalization, ...sampling, response_format: format };
  delete body.code_predictor;
  return given(body);
}

export function asCurl(utterance) {
  const { text, options } = utterance;
  const { design, language, sampling, text_normalization } = options;
  const isDesign = options.mode === "design";
  const url = address(isDesign ? "api/tts/voice-design" : "v1/audio/speech");
  const body = isDesign
    ? { text, instruct: design, language, text_normalization, seed: sampling?.seed }
    : speechBody(utterance, "wav");
  return [
    `curl -fsS ${url.href}`, "-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`,
    "-o speech.wav",
  ].join(" \\\n  ");
}

export function asWebSocket({ text, options }) {
  const message = JSON.stringify({ type: "speak", text, final: true, ...options }, null, 2);
  return `const socket = new WebSocket(${JSON.stringify(socketAddress())}, ["voice.v1"]);
socket.binaryType = "arraybuffer";
socket.onopen = () => socket.send(JSON.stringify(${message}));
socket.onmessage = ({ data }) => {
  if (typeof data === "string") console.log(JSON.parse(data));
  else play(new Int16Array(data, 8)); // 24 kHz, mono; write your own play()
};`;
}

export function showCode(utterance) {
  dialog("code.title", (close) => [
    ...[["curl", asCurl(utterance)], ["WebSocket", asWebSocket(utterance)]].map(([name, code]) =>
      h("div.snippet", {},
        h("div.snippet-head", {}, h("h3", { textContent: name }), copyButton(code)),
        h("pre", { tabIndex: 0, "aria-label": name, textContent: code }),
      )),
    h("p.actions", {}, button(null, "close", () => close())),
  ]);
}
