/* What a visitor's words find among the names of a network; accents, case, hyphens and apostrophes
   do not matter, nor whether a word is shortened as on signs. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const SHOWN = 8;
  // What people write in short, and what names have.
  const LONG = {
    st: "saint",
    ste: "sainte",
    bd: "boulevard",
    bld: "boulevard",
    bvd: "boulevard",
    blvd: "boulevard",
    av: "avenue",
    ave: "avenue",
    rte: "route",
    gal: "general",
    pr: "professeur",
    rn: "n",
    rd: "d",
  };
  // They tell nothing apart, and few write the right one.
  const LITTLE = new Set(["a", "au", "d", "de", "des", "du", "l", "la", "le", "les", "of", "the"]);
  // How well a name fits: whole, from its beginning on, by its words, by words that stand beside
  // it, somewhere within.
  const [WHOLE, START, WORDS, BESIDE, WITHIN] = [0, 1, 2, 3, 4];

  const long = (word) => LONG[word] ?? word;

  /** The words of a text in their plain form; a number is a word of its own ("D34" as "D 34"). */
  const wordsOf = (text) =>
    text
      .normalize("NFD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .replaceAll("\u0153", "oe")
      .match(/\p{L}+|\p{N}+/gu) ?? [];

  const isNumber = (word) => /^\p{N}/u.test(word);
  const important = (words) => {
    // "D 34" is a road, "d'Alma" is not.
    const told = words.filter((word, i) => !LITTLE.has(word) || isNumber(words[i + 1] ?? ""));
    return told.length ? told : words;
  };

  /** Whether each word, as it is written or in full, begins one of some others. */
  const begin = (words, others) =>
    words.every((word) =>
      others.some((other) => other.startsWith(word) || other.startsWith(long(word))),
    );

  const textOf = (words) => important(words).map(long).join(" ");

  /** What can be found, with its words: those of its name, of what else it is called by signs and
      by the feed, and those that stand beside it. */
  const prepare = ({ name, also = [], beside = "", ...rest }) => ({
    ...rest,
    name,
    beside,
    names: [...new Set([name, ...also])]
      .map((text) => wordsOf(text).map(long))
      .filter((words) => words.length),
    besideWords: wordsOf(beside).map(long),
  });

  const fitOfName = (asked, words) => {
    const [text, told] = [asked, words].map(textOf);
    if (text === told) return WHOLE;
    if (told.startsWith(text)) return START;
    if (begin(important(asked), words)) return WORDS;
    return words.join("").includes(asked.join("")) ? WITHIN : Infinity;
  };

  const fitOf = (asked, { names, besideWords }) => {
    const fit = Math.min(...names.map((words) => fitOfName(asked, words)));
    const isBeside = begin(important(asked), [...names.flat(), ...besideWords]);
    return Math.min(fit, isBeside ? BESIDE : Infinity);
  };

  /** All of what was prepared that fits, the best first, in its order where several fit as well. */
  const fitting = (text, prepared) => {
    const asked = wordsOf(text);
    if (asked.length === 0) return [];
    return prepared
      .map((place) => ({ place, fit: fitOf(asked, place) }))
      .filter(({ fit }) => fit < Infinity)
      .toSorted((one, other) => one.fit - other.fit)
      .map(({ place }) => place);
  };

  /** The best of it. */
  const find = (text, prepared) => fitting(text, prepared).slice(0, SHOWN);

  app.match = { find, fitting, prepare };
})();
