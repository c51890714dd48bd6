/* The curve below a replay: the network's congestion through the day, where nothing was observed, between
   which times it goes round, and the time that is played. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { EDGE, axes, levelOf, pathOf, scaleOf, shape } = app.dayChart;

  // No more of them are told one by one.
  const GAPS_TOLD = 3;

  // Where times lie, and the cursor and range that were drawn last.
  let drawn = null;

  const box = () => document.getElementById("replay-chart");

  /** The points of the curve; null where it is broken. */
  const pointsOf = ({ times, levels }) =>
    times.map((at, place) => (levels[place] === null ? null : [at, levels[place]]));

  /** From when to when nothing was observed. */
  const gapsOf = (day) =>
    day.times
      .map((at, place) => [at, day.times[place + 1] ?? day.until, place])
      .filter(([, , place]) => day.isGap(place));

  const stripe = ([from, to], { x, foot }, className) =>
    shape("rect", {
      x: x(from),
      y: EDGE.top,
      width: Math.max(0, x(to) - x(from)),
      height: foot - EDGE.top,
      class: className,
    });

  const draw = (day) => {
    const points = pointsOf(day);
    const highest = Math.max(...points.filter(Boolean).map(([, level]) => level));
    const scale = scaleOf(day, highest, box());
    const { width, height, x, y, foot } = scale;
    const viewBox = `0 0 ${width} ${height}`;
    const picture = shape("svg", { viewBox, width, height, "aria-hidden": "true" });
    // Not of the picture, which would be drawn anew with each step.
    const cursor = app.element("div", "replay-cursor");
    Object.assign(cursor.style, { top: `${EDGE.top}px`, height: `${foot - EDGE.top}px` });
    const range = shape("g", {});
    picture.append(
      range,
      ...gapsOf(day).map((gap) => stripe(gap, scale, "replay-gap-stripe")),
      ...axes(day, scale),
      shape("path", { d: pathOf(points, x, y), class: "day-curve-line day-curve-line--observed" }),
    );
    box().replaceChildren(picture, cursor);
    drawn = { scale, cursor, range };
  };

  const clear = () => {
    drawn = null;
    box().replaceChildren();
  };

  const moveTo = (at) => {
    if (drawn) drawn.cursor.style.transform = `translateX(${drawn.scale.x(at)}px)`;
  };

  /** Shade what it goes round. */
  const shade = ({ isLoop, from, to }) => {
    if (!drawn) return;
    const stripes = isLoop && to > from ? [stripe([from, to], drawn.scale, "replay-range-stripe")] : [];
    drawn.range.replaceChildren(...stripes);
  };

  /** The time at a place of the window. */
  const timeAt = ({ clientX }) => drawn.scale.timeAt(clientX - box().getBoundingClientRect().left);

  const gapsTold = (day, words) => {
    const { counted, fill, time } = app.wording;
    const spans = gapsOf(day).map(([from, to]) => fill(words.span, { from: time(from), to: time(to) }));
    if (spans.length === 0) return "";
    const gaps = spans.slice(0, GAPS_TOLD).join(", ");
    const more = spans.length - GAPS_TOLD;
    return more > 0 ? counted(words.gaps_more, more, { gaps }) : fill(words.gaps, { gaps });
  };

  /** The day in words: its peak, and when nothing was observed. */
  const sentence = (day, words) => {
    const { fill, time } = app.wording;
    const known = pointsOf(day).filter(Boolean);
    const peak = known.reduce((most, one) => (most && most[1] >= one[1] ? most : one), null);
    const told = peak
      ? fill(words.peak, { level: levelOf(peak[1]), time: time(peak[0]) })
      : words.no_level;
    return [told, gapsTold(day, words)].filter(Boolean).join(" ");
  };

  app.replayChart = { clear, draw, moveTo, sentence, shade, timeAt };
})();
