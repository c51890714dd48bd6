/* The statuses of all segments, as services/status.py packs them: 3 bits each, base64. */
(() => {
  "use strict";
  const app = (window.trafficRennes = window.trafficRennes || {});

  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const SIX_BITS = new Uint8Array(128);
  [...LETTERS].forEach((letter, value) => {
    SIX_BITS[letter.charCodeAt(0)] = value;
  });

  /** One status code per segment; a letter holds two. */
  app.unpackStatuses = (packed, segments) => {
    const codes = new Uint8Array(segments);
    for (let segment = 0; segment < segments; segment += 1) {
      const bits = SIX_BITS[packed.charCodeAt(segment >> 1)];
      codes[segment] = segment % 2 === 0 ? bits >> 3 : bits & 7;
    }
    return codes;
  };

  /** Number of segments of a snapshot: the sum of its counts. */
  app.segmentsOf = (snapshot) => snapshot.counts.reduce((sum, count) => sum + count, 0);
})();
