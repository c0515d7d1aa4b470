// A word of the lexicon as SSML: as it is heard, kept or not.

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** The word as SSML, said as the entry says. `hasSounds`: the voice takes phonemes. */
export function ssmlOf({ written, say, pinyin, ipa }, hasSounds) {
  const phoneme = (alphabet, sounds) => `<phoneme alphabet="${alphabet}" ph="${escaped(sounds)}">${escaped(written)}</phoneme>`;
  const word = ipa && (hasSounds || !(pinyin || say)) ? phoneme("ipa", ipa)
    : pinyin ? phoneme("pinyin", pinyin) : `<sub alias="${escaped(say)}">${escaped(written)}</sub>`;
  return `<speak>${word}</speak>`;
}
