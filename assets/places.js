/* What can be found on the map, and where it lies: made of the network and of its two documents of
   names and of stretches. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const NEAREST = 8;
  const NEAR_M = 1500;
  const EARTH_RADIUS_M = 6371008.8;
  const RADIANS = Math.PI / 180;

  /** Where a corridor leads, in words; the side of one that is a ring. */
  const corridorWay = ({ towards, side }, { corridors: words }) =>
    side ? words[side] : app.wording.fill(words.towards, { towards });

  /** What a place is, in words, and where it leads. */
  const kindWords = ({ kind, beside }, { find_kind: kinds }) =>
    [kinds[kind], beside].filter(Boolean).join(kind === "corridor" ? " " : " · ");

  const stretchPlaces = ({ stretches, of }, signs, texts) => {
    const segments = app.segmentsByStretch({ stretches, of });
    const rank = new Map([...signs.entries()].toReversed().map(([i, sign]) => [sign, i]));
    return stretches
      .map((parts, stretch) => ({ parts, segments: segments[stretch], rank: rank.get(parts[2]) }))
      .filter(({ rank: known }) => known !== undefined)
      .toSorted((one, other) => one.rank - other.rank)
      .map(({ parts, segments: its }) => {
        const { way, ends } = app.wording.stretch(parts, texts);
        return { kind: "stretch", name: way, also: [parts[2]], beside: ends, segments: its };
      });
  };

  /** All that can be found by its name, for `app.match`: zones, then roads and junctions from the
      main ones to the small ones, communes, corridors, stretches.

      Those of a network have `segments`, the places of theirs in its order; a zone has `zone`, a
      commune `point`. What is told of as a list has a `key` that is the same in every language. */
  const all = ({ names, communes, corridors }, stretches, features, { zones, texts }) => {
    const byName = new Map(names.map(([, feedName]) => [feedName, []]));
    features.forEach(({ properties }, segment) => byName.get(properties.name)?.push(segment));
    return [
      ...zones.map((zone) => ({ kind: "zone", name: texts.zone[zone], zone })),
      ...names.map(([kind, feedName, name]) => ({
        kind,
        name: app.wording.localName(name, texts),
        also: [name, feedName],
        segments: byName.get(feedName),
        key: `${kind},${feedName}`,
      })),
      ...communes.map(([name, ...point]) => ({
        kind: "commune",
        name,
        point,
        key: `commune,${name}`,
      })),
      ...corridors.map(([name, towards, side, segments]) => ({
        kind: "corridor",
        name: app.wording.localName(name, texts),
        also: [name],
        beside: corridorWay({ towards, side }, texts),
        segments,
        key: ["corridor", name, towards, side].filter(Boolean).join(","),
      })),
      ...stretchPlaces(stretches, names.map(([, , sign]) => sign), texts),
    ].map(app.match.prepare);
  };

  /** Metres east and north of a place. */
  const placedFrom = ([lon, lat]) => {
    const perDegree = EARTH_RADIUS_M * RADIANS;
    const shrunk = Math.cos(lat * RADIANS);
    return ([x, y]) => [(x - lon) * perDegree * shrunk, (y - lat) * perDegree];
  };

  /** Metres from the origin to a line between two points. */
  const distanceToLine = ([x, y], [toX, toY]) => {
    const [dx, dy] = [toX - x, toY - y];
    const length = dx * dx + dy * dy;
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, -(x * dx + y * dy) / length));
    return Math.hypot(x + along * dx, y + along * dy);
  };

  /** Metres from a place to a road of the network. */
  const distanceTo = (place, { geometry }) => {
    const placed = placedFrom(place);
    const distances = app.partsOf(geometry).flatMap((part) => {
      const points = part.map(placed);
      return points.slice(1).map((point, i) => distanceToLine(points[i], point));
    });
    return Math.min(...distances);
  };

  /** The stretches that begin or end at a junction, as codes of their document. */
  const meeting = (name, { stretches }) =>
    stretches.flatMap(([, , , start, end], code) => (start === name || end === name ? [code] : []));

  /** The stretches nearest to a place, the nearest first; no roundabouts. */
  const nearest = (place, { stretches, of }, features) => {
    const distances = new Map();
    features.forEach((feature, segment) => {
      const distance = distanceTo(place, feature);
      const stretch = of[segment];
      if (stretches[stretch][0] === "around" || distance > NEAR_M || distance >= (distances.get(stretch) ?? Infinity)) return;
      distances.set(stretch, distance);
    });
    return [...distances]
      .toSorted(([, one], [, other]) => one - other)
      .slice(0, NEAREST)
      .map(([stretch]) => stretch);
  };

  /** The stretches that a place is told by: those along a corridor, those that meet at a junction,
      else the nearest to its point. */
  const stretchesOf = ({ kind, name, segments }, point, stretches, features) => {
    if (kind === "corridor") return [...new Set(segments.map((one) => stretches.of[one]))];
    const met = meeting(name, stretches);
    return met.length ? met : nearest(point, stretches, features);
  };

  /** Metres of some segments by their status code. */
  const metresByStatus = (segments, features, codeOf) => {
    const metres = new Map();
    segments.forEach((segment) => {
      const code = codeOf(segment);
      app.partsOf(features[segment].geometry).forEach((part) => {
        const points = part.map(placedFrom(part[0]));
        points.slice(1).forEach(([x, y], i) => {
          const length = Math.hypot(x - points[i][0], y - points[i][1]);
          metres.set(code, (metres.get(code) ?? 0) + length);
        });
      });
    });
    return metres;
  };

  app.places = { NEAR_M, all, kindWords, meeting, metresByStatus, nearest, stretchesOf };
})();
