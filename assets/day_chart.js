/* What curves of the network's congestion through a day have in common: their axes, scale and lines.
   Its name has it loaded before those. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const SVG = "http://www.w3.org/2000/svg";
  const HOUR_S = 3600;
  const EDGE = { top: 8, right: 16, bottom: 18, left: 52 };
  const HOURS_PER_TICK = 6;
  const HOURS_A_DAY = 24;
  const LABEL_DROP = 13;
  const LABEL_GAP = 6;
  // Steps of the axis, in percent, each up to a height of it.
  const STEPS = [
    [50, 25],
    [150, 50],
    [Infinity, 100],
  ];

  const shape = (name, attributes, text = "") => {
    const drawn = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => drawn.setAttribute(key, String(value)));
    drawn.textContent = text;
    return drawn;
  };

  /** Where the hours of the day begin, each with its number in the city: on some days one is
      missing, or comes twice. */
  const hoursOf = ({ start, end }) =>
    Array.from({ length: (end - start) / HOUR_S }, (_, place) => {
      const at = start + place * HOUR_S;
      return { at, hour: app.wording.weekHour(at).hour };
    });

  const levelOf = (percent) => app.wording.extraPercent(percent);
  const hourWords = (hour) => app.wording.fill(app.page.texts.moment.hour, { hour });

  const pathOf = (points, x, y) =>
    points
      .map((point, place) => {
        if (!point) return "";
        const isBegun = place > 0 && points[place - 1];
        return `${isBegun ? "L" : "M"}${x(point[0])} ${y(point[1])}`;
      })
      .join("");

  /** Where levels, up to the highest one, and times of a day lie in a chart of a width and height, in
      pixels; the axis' levels; and which time lies at a pixel. */
  const scaleOf = ({ start, end }, highest, { clientWidth, clientHeight: height }) => {
    const width = Math.max(clientWidth, 2 * EDGE.left);
    const top = Math.max(1, highest);
    const [, step] = STEPS.find(([upTo]) => top <= upTo);
    const steps = Math.ceil(top / step);
    const [right, foot] = [width - EDGE.right, height - EDGE.bottom];
    const round = (value) => Math.round(10 * value) / 10;
    const wide = right - EDGE.left;
    return {
      width,
      height,
      right,
      foot,
      levels: Array.from({ length: steps + 1 }, (_, place) => place * step),
      x: (at) => round(EDGE.left + wide * ((at - start) / (end - start))),
      y: (level) => round(foot - (foot - EDGE.top) * (level / (steps * step))),
      timeAt: (x) => start + (end - start) * Math.min(1, Math.max(0, (x - EDGE.left) / wide)),
    };
  };

  const levelShapes = ({ levels, right, y }) =>
    levels.flatMap((level) => {
      const at = y(level);
      const isAxis = level === 0 ? " day-curve-grid--axis" : "";
      const label = "day-curve-label day-curve-label--level";
      return [
        shape("path", { d: `M${EDGE.left} ${at}H${right}`, class: `day-curve-grid${isAxis}` }),
        shape("text", { x: EDGE.left - LABEL_GAP, y: at, class: label }, levelOf(level)),
      ];
    });

  const hourShapes = (day, { x, foot }) => {
    const inside = hoursOf(day).filter(({ hour }) => hour % HOURS_PER_TICK === 0);
    return [...inside, { at: day.end, hour: HOURS_A_DAY }].map(({ at, hour }) =>
      shape("text", { x: x(at), y: foot + LABEL_DROP, class: "day-curve-label" }, hourWords(hour)),
    );
  };

  /** The lines of the levels and the words of the hours. */
  const axes = (day, scale) => [...levelShapes(scale), ...hourShapes(day, scale)];

  app.dayChart = { EDGE, axes, hoursOf, hourWords, levelOf, pathOf, scaleOf, shape };
})();
