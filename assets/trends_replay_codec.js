/* A stored day as services/trends/replay.py writes it, which says what a document is made of: any of
   its times at once, and those that follow one another by what changed. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const MAGIC = [0x54, 0x52, 0x52, 1];
  const HEADER_AT = 8;
  const [GAP, KEY, DELTA] = [0, 1, 2];
  const STATUSES = 5;
  const STATUS_BITS = 3;
  const BYTE_BITS = 8;
  const SEVEN_BITS = 7;
  const GOES_ON = 0x80;

  const headerOf = (bytes) => {
    if (bytes.length < HEADER_AT || MAGIC.some((byte, place) => bytes[place] !== byte)) {
      throw new Error("not a day in a form that this page knows");
    }
    const frames = HEADER_AT + new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
    const written = Array.from(bytes.subarray(HEADER_AT, frames), (byte) => String.fromCharCode(byte));
    return [JSON.parse(written.join("")), frames];
  };

  /** Where each frame begins, and where the last one ends. */
  const beginningsOf = (sizes, first) => {
    const beginnings = [first];
    sizes.forEach((size) => beginnings.push(beginnings.at(-1) + size));
    return beginnings;
  };

  const timesOf = ({ start, steps }) => {
    let at = start;
    return steps.map((step) => {
      at += step;
      return at;
    });
  };

  /** The number of three bits in the place of a segment. */
  const packedAt = (packed, segment) => {
    const bit = segment * STATUS_BITS;
    const byte = Math.floor(bit / BYTE_BITS);
    const pair = (packed[byte] << BYTE_BITS) | (packed[byte + 1] ?? 0);
    const shift = 2 * BYTE_BITS - STATUS_BITS - (bit % BYTE_BITS);
    return (pair >> shift) & ((1 << STATUS_BITS) - 1);
  };

  const turn = (codes, delta) => {
    let [segment, number, shift] = [-1, 0, 0];
    delta.forEach((byte) => {
      number |= (byte & (GOES_ON - 1)) << shift;
      shift += SEVEN_BITS;
      if (byte & GOES_ON) return;
      segment += 1 + Math.floor(number / (STATUSES - 1));
      codes[segment] = (codes[segment] + 1 + (number % (STATUSES - 1))) % STATUSES;
      [number, shift] = [0, 0];
    });
  };

  class ReplayDay {
    constructor(buffer) {
      const bytes = new Uint8Array(buffer);
      const [header, first] = headerOf(bytes);
      const beginnings = beginningsOf(header.sizes, first);
      if (beginnings.at(-1) !== bytes.length) throw new Error("a day that is cut off");
      Object.assign(this, header);
      this.times = timesOf(header);
      this.frames = header.sizes.map((_, place) =>
        bytes.subarray(beginnings[place], beginnings[place + 1]),
      );
      // The codes of the frame that was asked for last, gaps apart, and its place.
      this.codes = new Uint8Array(header.segments);
      this.place = -1;
    }

    /** The place of the frame that is shown at a time; -1 before the first. */
    placeAt(epochS) {
      let [low, high] = [0, this.times.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.times[middle] <= epochS) low = middle + 1;
        else high = middle;
      }
      return low - 1;
    }

    isGap(place) {
      return place < 0 || this.frames[place][0] === GAP;
    }

    /** A code per segment at the place of a frame: a copy; all unknown in a gap. */
    codesAt(place) {
      if (this.isGap(place)) return new Uint8Array(this.segments);
      this.seek(place);
      return this.codes.slice();
    }

    /** From the last frame that was asked for or the last key frame, whichever is nearer. */
    seek(place) {
      let from = place;
      while (from !== this.place && this.frames[from][0] !== KEY) from -= 1;
      for (let at = from === this.place ? from + 1 : from; at <= place; at += 1) this.take(at);
      this.place = place;
    }

    take(place) {
      const [kind] = this.frames[place];
      const content = this.frames[place].subarray(1);
      if (kind === KEY) this.codes.forEach((_, id) => (this.codes[id] = packedAt(content, id)));
      else if (kind === DELTA) turn(this.codes, content);
      else if (kind !== GAP) throw new Error(`a frame of kind ${kind}`);
    }
  }

  app.ReplayDay = ReplayDay;
})();
