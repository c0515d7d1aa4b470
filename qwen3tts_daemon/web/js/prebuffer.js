// How much of a sound is kept ready before it begins.

const FIRST_BUFFER_S = 0.3;
const LONGEST_BUFFER_S = 0.6;

/**
 * When a growing sound may begin: at once if it clearly comes faster than it is heard, else when there is enough to
 * bridge its pauses, and that grows each time it was not enough.
 */
export class Prebuffer {
  #bufferS = FIRST_BUFFER_S;
  #first = null;

  get seconds() {
    return this.#bufferS;
  }

  reset() {
    this.#first = null;
  }

  ranDry() {
    this.#bufferS = Math.min(this.#bufferS * 1.5, LONGEST_BUFFER_S);
    this.#first = null;
  }

  isEnough(bufferedS, nowS, hasEnded) {
    if (hasEnded || bufferedS >= this.#bufferS) return true;
    if (bufferedS === 0) return false;
    this.#first ??= { bufferedS, nowS };
    const cameS = bufferedS - this.#first.bufferedS;
    return cameS > 0 && cameS >= 1.6 * (nowS - this.#first.nowS);
  }
}
