/* The statuses of all segments, as services/traffic/status.py packs them: base64. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const SIX_BITS = Object.fromEntries([...LETTERS].map((letter, value) => [letter, value]));

  const BITS = 3;
  const PER_LETTER = 6 / BITS;
  const MASK = (1 << BITS) - 1;

  /** One code per segment. */
  app.unpackStatuses = (packed, segments) => {
    const codes = new Uint8Array(segments);
    for (let segment = 0; segment < segments; segment += 1) {
      const letter = Math.floor(segment / PER_LETTER);
      const shift = BITS * (PER_LETTER - 1 - (segment % PER_LETTER));
      codes[segment] = (SIX_BITS[packed[letter]] >> shift) & MASK;
    }
    return codes;
  };

  // As services/forecast/segment_statuses.py: added to the code of a status that is not firm.
  const LEANING = 4;

  /** Of a forecast: a code per segment, and which of them are no more than likeliest. */
  app.forecastCodes = (packed, counts) => {
    const told = app.unpackStatuses(packed, app.segmentsOf({ counts }));
    const leaning = new Set();
    told.forEach((code, id) => code > LEANING && leaning.add(id));
    return { codes: told.map((code) => (code > LEANING ? code - LEANING : code)), leaning };
  };

  /** Number of segments of a snapshot: the sum of its counts. */
  app.segmentsOf = (snapshot) => snapshot.counts.reduce((sum, count) => sum + count, 0);
})();
