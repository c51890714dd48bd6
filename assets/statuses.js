/* The statuses, and other codes, of all segments, as services/traffic/status.py packs them: base64. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const SIX_BITS = Object.fromEntries([...LETTERS].map((letter, value) => [letter, value]));

  /** One code per segment, each of so many bits: a divisor of the six that a letter holds. */
  app.unpackCodes = (packed, segments, bitsPerCode) => {
    const codes = new Uint8Array(segments);
    const perLetter = 6 / bitsPerCode;
    const mask = (1 << bitsPerCode) - 1;
    for (let segment = 0; segment < segments; segment += 1) {
      const letter = Math.floor(segment / perLetter);
      const shift = bitsPerCode * (perLetter - 1 - (segment % perLetter));
      codes[segment] = (SIX_BITS[packed[letter]] >> shift) & mask;
    }
    return codes;
  };

  app.unpackStatuses = (packed, segments) => app.unpackCodes(packed, segments, 3);

  /** Number of segments of a snapshot: the sum of its counts. */
  app.segmentsOf = (snapshot) => snapshot.counts.reduce((sum, count) => sum + count, 0);
})();
