// The microphone: a level while it records, samples at the end.

import { decodeFile } from "./wav.js";

export const LONGEST_RECORDING_S = 30;

export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

export class Recorder {
  #stream = null;
  #recorder = null;
  #context = null;
  #analyser = null;
  #startedAt = 0;

  async start() {
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    if (navigator.audioSession) navigator.audioSession.type = "play-and-record";
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio });
    this.#context = new AudioContext();
    this.#analyser = new AnalyserNode(this.#context, { fftSize: 2048 });
    this.#context.createMediaStreamSource(this.#stream).connect(this.#analyser);
    this.#recorder = new MediaRecorder(this.#stream);
    this.#recorder.start();
    this.#startedAt = performance.now();
  }

  get seconds() {
    return (performance.now() - this.#startedAt) / 1000;
  }

  get level() {
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    return Math.max(0, Math.min(1, 1 + (10 * Math.log10(power + 1e-9)) / 60));
  }

  async stop() {
    const parts = [];
    const blob = await new Promise((resolve) => {
      this.#recorder.ondataavailable = ({ data }) => parts.push(data);
      this.#recorder.onstop = () => resolve(new Blob(parts, { type: this.#recorder.mimeType }));
      this.#recorder.stop();
    });
    this.#release();
    return decodeFile(blob);
  }

  #release() {
    for (const track of this.#stream.getTracks()) track.stop();
    this.#context.close();
    if (navigator.audioSession) navigator.audioSession.type = "playback";
  }
}
