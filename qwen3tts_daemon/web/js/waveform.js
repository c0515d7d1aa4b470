// A waveform that grows while its sound comes; a slider for those who seek.

import { clock, t } from "./i18n.js";
import { PEAK_SAMPLES, SAMPLE_RATE } from "./sound.js";

const BAR = 3;
const GAP = 2;
const STEP_S = 1;

export function expectedSeconds(text) {
  const wide = (text.match(/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/g) ?? []).length;
  return (text.length - wide) / 14 + wide / 4.5;
}

/** The peaks (0 to 1) of `count` bars that show `total` samples; null where nothing is yet. */
export function bars(sound, count, total) {
  const per = total / PEAK_SAMPLES / count;
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor(i * per);
    if (from >= sound.peaks.length) return null;
    const part = sound.peaks.subarray(from, Math.max(from + 1, Math.floor((i + 1) * per)));
    return part.reduce((most, peak) => Math.max(most, peak), 0) / 32_768;
  });
}

export class Waveform {
  #sound = null;
  #expected = 0;

  constructor(canvas) {
    this.canvas = canvas;
  }

  show(sound, expected = 0) {
    this.#sound = sound;
    this.#expected = expected * SAMPLE_RATE;
  }

  get total() {
    if (this.#sound === null) return 1;
    if (this.#sound.hasEnded) return Math.max(1, this.#sound.length);
    return Math.max(this.#expected, this.#sound.length * 1.03, SAMPLE_RATE);
  }

  draw(position = 0, marks = null) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (this.#sound === null || width === 0) return;
    const scale = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * scale)) this.canvas.width = Math.round(width * scale);
    if (this.canvas.height !== Math.round(height * scale)) this.canvas.height = Math.round(height * scale);
    const style = getComputedStyle(this.canvas);
    const [heard, coming] = [style.getPropertyValue("--heard"), style.getPropertyValue("--coming")];
    const pen = this.canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const count = Math.max(1, Math.floor(width / (BAR + GAP)));
    const playhead = (position / this.total) * count;
    bars(this.#sound, count, this.total).forEach((peak, i) => {
      const tall = peak === null ? 2 : Math.max(3, Math.sqrt(peak) * height * 0.96);
      const isOut = marks !== null && (i < marks.from * count || i >= marks.to * count);
      pen.fillStyle = marks === null ? (i < playhead ? heard : coming) : isOut ? coming : heard;
      pen.globalAlpha = peak === null || isOut ? 0.45 : 1;
      pen.beginPath();
      pen.roundRect(i * (BAR + GAP), (height - tall) / 2, BAR, tall, BAR / 2);
      pen.fill();
    });
    pen.globalAlpha = 1;
  }
}

export function seekable(canvas, waveform, { position, seek }) {
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "slider");
  canvas.setAttribute("aria-valuemin", "0");
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return Math.round(((event.clientX - box.left) / box.width) * waveform.total);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    seek(at(event));
  });
  canvas.addEventListener("pointermove", (event) => canvas.hasPointerCapture(event.pointerId) && seek(at(event)));
  canvas.addEventListener("keydown", (event) => {
    const step = STEP_S * SAMPLE_RATE;
    const to = { ArrowLeft: position() - step, ArrowRight: position() + step, Home: 0, End: waveform.total }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    seek(to);
  });
  return () => {
    const seconds = position() / SAMPLE_RATE;
    canvas.setAttribute("aria-valuemax", (waveform.total / SAMPLE_RATE).toFixed(1));
    canvas.setAttribute("aria-valuenow", seconds.toFixed(1));
    canvas.setAttribute("aria-valuetext", t("dock.at", { at: clock(seconds), of: clock(waveform.total / SAMPLE_RATE) }));
  };
}
