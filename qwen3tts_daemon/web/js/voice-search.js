// Which voices are shown, in which order, and what finds them: words of the page's language, English, their own names.

import { language, languageName, t } from "./i18n.js";
import { descriptionOf, prettyName } from "./voices.js";

export const GENDERS = ["female", "male"];
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
/** Between two words that are written together: 日本語の女性, 温柔的女声. */
const BETWEEN = /^[のな的]+|[のな的]+$/gu;

const folded = (text) => text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

/** 德语 is called 德文 too. */
const alsoCalled = (name) => [name, name.replace(/[语語]$/u, "文"), name.replace(/文$/u, language() === "zh-CN" ? "语" : "語")];

const languageWords = (code) => [...alsoCalled(languageName(code)), languageName(code, "en"), languageName(code, code), ...(code === "zh" ? [t("search.zh")] : [])];
const genderWords = (gender) => (GENDERS.includes(gender) ? [t(`gender.${gender}`), t(`search.${gender}`), gender] : []);

/** Words for languages and genders, the longest first. */
function vocabulary(voices) {
  const languages = languagesOf(voices).flatMap(languageWords);
  const words = [...languages, ...GENDERS.flatMap(genderWords)].flatMap((each) => folded(each).split(" "));
  return [...new Set(words)].sort((a, b) => b.length - a.length);
}

/** Of a wide word that may be several: 中文女声. */
function partsOf(word, known) {
  const found = known.find((each) => word.includes(each));
  if (found === undefined) return [word.replace(BETWEEN, "")];
  const [before, ...after] = word.split(found);
  return [found, ...[before, after.join(found)].flatMap((rest) => (rest ? partsOf(rest, known) : []))];
}

/** Wide words and names are found by any part. A known word of an alphabet is found whole, for "man" begins "Mandarin"; others by how they begin. */
function isFoundBy(voice, known) {
  const names = folded(`${voice.id} ${prettyName(voice)}`);
  const spoken = (voice.languages ?? [voice.language]).filter(Boolean);
  const about = folded([descriptionOf(voice), ...spoken.flatMap(languageWords), ...genderWords(voice.gender)].join(" "));
  return (word) => names.includes(word) || (WIDE.test(word) ? about.includes(word) : ` ${about} `.includes(known.includes(word) ? ` ${word} ` : ` ${word}`));
}

/** ISO 639-1, of all that some voice speaks; the page's own first. */
export function languagesOf(voices) {
  const spoken = [...new Set(voices.flatMap((voice) => voice.languages ?? []))];
  return spoken.sort((a, b) => isOfPage(b) - isOfPage(a) || languageName(a).localeCompare(languageName(b), language()));
}

export const gendersOf = (voices) => GENDERS.filter((gender) => voices.some((voice) => voice.gender === gender));

const isOfPage = (code) => code === language().split("-")[0];

/** 0: it is the voice's own, 1: it speaks it too */
function distance({ languages = [] }) {
  if (languages.length === 0) return 2;
  return isOfPage(languages[0]) ? 0 : languages.some(isOfPage) ? 1 : 2;
}

/** Those that `words` find and who speak `spoken`, if that is given; who speaks the page's language comes first. */
export function listed(voices, { words = "", spoken = "", gender = "" } = {}) {
  const known = vocabulary(voices);
  const asked = folded(words).split(" ").flatMap((word) => (WIDE.test(word) ? partsOf(word, known.filter((each) => WIDE.test(each))) : word)).filter(Boolean);
  const isWanted = (voice) =>
    (!spoken || voice.languages?.includes(spoken)) && (!gender || voice.gender === gender) && asked.every(isFoundBy(voice, known));
  return voices.filter(isWanted).sort((a, b) => distance(a) - distance(b));
}
