/* Today's curve of congestion: drawn anew when there is another curve, another moment or another
   width. The curve comes in a document of its own, of which a refresh tells the version. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const CHART = "day-curve-chart";
  const SVG = "http://www.w3.org/2000/svg";
  const HOUR_S = 3600;
  const QUARTER_S = 900;
  const MINUTE_S = 60;
  const QUARTERS = HOUR_S / QUARTER_S;
  const EDGE = { top: 8, right: 16, bottom: 18, left: 52 };
  // The first lies below the others.
  const LINES = ["usual", "forecast", "observed"];
  const HOURS_PER_TICK = 6;
  const HOURS_A_DAY = 24;
  const LABEL_DROP = 13;
  const LABEL_GAP = 6;
  const LATEST_RADIUS = 3.5;
  // Steps of the axis, in percent, each up to a height of it.
  const STEPS = [
    [50, 25],
    [150, 50],
    [Infinity, 100],
  ];
  // From the last one observed to a forecast further ahead than this there is no line.
  const JOINED_WITHIN_S = 2 * HOUR_S;

  // The version that the server told of last.
  let version = null;
  // What the curve was drawn into last: another page and back makes another one.
  let drawnInto = null;

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

  const middleOf = ({ at }) => at + HOUR_S / 2;

  /** The points of each line, as [time, percent]; null where it is broken. */
  const linesOf = (curve) => {
    const { latest, ahead } = curve;
    const observed = curve.observed
      .map((level, place) => [curve.start + (place + 0.5) * QUARTER_S, level])
      .filter(([at]) => latest && at < latest[0])
      .map((point) => (point[1] === null ? null : point));
    const hours = hoursOf(curve);
    const middles = curve.usual.map((usual, place) => usual && [middleOf(hours[place]), usual[1]]);
    // An hour speaks of all of itself: the first and the last one up to midnight.
    const [first, last] = [middles[0], middles.at(-1)];
    const usual = [first && [curve.start, first[1]], ...middles, last && [curve.end, last[1]]];
    const isJoined = latest && ahead.length > 0 && ahead[0][0] - latest[0] <= JOINED_WITHIN_S;
    const since = isJoined ? [[latest[0], latest[1], latest[1], latest[1]]] : [];
    const forecast = [...since, ...ahead];
    return {
      observed: latest ? [...observed, latest] : [],
      usual,
      forecast: forecast.map(([at, , level]) => [at, level]),
      band: forecast,
    };
  };

  const pathOf = (points, x, y) =>
    points
      .map((point, place) => {
        if (!point) return "";
        const isBegun = place > 0 && points[place - 1];
        return `${isBegun ? "L" : "M"}${x(point[0])} ${y(point[1])}`;
      })
      .join("");

  const bandOf = (points, x, y) => {
    if (points.length < 2) return "";
    const upper = points.map(([at, , , high]) => `${x(at)} ${y(high)}`);
    const lower = points.map(([at, low]) => `${x(at)} ${y(low)}`).toReversed();
    return `M${[...upper, ...lower].join("L")}Z`;
  };

  /** What time the page's moment is; null where it is not of this day. */
  const momentAt = (curve) => {
    const { kind, minutes, date, hour } = page.moment;
    if (kind === "hour") {
      const found = hoursOf(curve).find((one) => one.hour === hour);
      return date === curve.day && found ? middleOf(found) : null;
    }
    if (!curve.latest) return null;
    const at = curve.latest[0] + (kind === "ahead" ? minutes * MINUTE_S : 0);
    return at < curve.end ? at : null;
  };

  const widths = new ResizeObserver(() => draw());

  const levelOf = (percent) => app.wording.extraPercent(percent);
  const hourWords = (hour) => app.wording.fill(page.texts.moment.hour, { hour });

  /** Where levels and times lie in a chart of a width and height, in pixels, and the axis' levels. */
  const scaleOf = (curve, lines, { clientWidth, clientHeight: height }) => {
    const width = Math.max(clientWidth, 2 * EDGE.left);
    const highest = Math.max(
      1,
      ...[...lines.observed, ...lines.usual].filter(Boolean).map(([, level]) => level),
      ...lines.band.map(([, , , high]) => high),
    );
    const [, step] = STEPS.find(([upTo]) => highest <= upTo);
    const steps = Math.ceil(highest / step);
    const [right, foot] = [width - EDGE.right, height - EDGE.bottom];
    const round = (value) => Math.round(10 * value) / 10;
    const share = (at) => (at - curve.start) / (curve.end - curve.start);
    return {
      width,
      height,
      right,
      foot,
      levels: Array.from({ length: steps + 1 }, (_, place) => place * step),
      x: (at) => round(EDGE.left + (right - EDGE.left) * share(at)),
      y: (level) => round(foot - (foot - EDGE.top) * (level / (steps * step))),
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

  const hourShapes = (curve, { x, foot }) => {
    const inside = hoursOf(curve).filter(({ hour }) => hour % HOURS_PER_TICK === 0);
    return [...inside, { at: curve.end, hour: HOURS_A_DAY }].map(({ at, hour }) =>
      shape("text", { x: x(at), y: foot + LABEL_DROP, class: "day-curve-label" }, hourWords(hour)),
    );
  };

  const momentShapes = (curve, { x, foot }) => {
    const moment = momentAt(curve);
    if (moment === null) return [];
    return [shape("path", { d: `M${x(moment)} ${EDGE.top}V${foot}`, class: "day-curve-moment" })];
  };

  const lineShapes = (lines, { x, y }) => [
    shape("path", { d: bandOf(lines.band, x, y), class: "day-curve-band" }),
    ...LINES.map((name) =>
      shape("path", {
        d: pathOf(lines[name], x, y),
        class: `day-curve-line day-curve-line--${name}`,
      }),
    ),
  ];

  const latestShapes = ({ latest }, { x, y }) => {
    if (!latest) return [];
    const [at, level] = latest;
    return [
      shape("circle", { cx: x(at), cy: y(level), r: LATEST_RADIUS, class: "day-curve-latest" }),
    ];
  };

  /** The legend names the lines that there are. */
  const tellLines = (isDrawn) =>
    app.write(
      Object.fromEntries(
        LINES.map((name) => [`day-curve-legend-${name}`, { hidden: !isDrawn(name) }]),
      ),
    );

  const draw = () => {
    const chart = document.getElementById(CHART);
    const curve = current();
    if (!chart) return;
    if (!curve) {
      chart.replaceChildren();
      tellLines(() => false);
      return;
    }
    const lines = linesOf(curve);
    const scale = scaleOf(curve, lines, chart);
    const { width, height } = scale;
    const viewBox = `0 0 ${width} ${height}`;
    const drawn = shape("svg", { viewBox, width, height, "aria-hidden": "true" });
    drawn.append(
      ...levelShapes(scale),
      ...hourShapes(curve, scale),
      ...momentShapes(curve, scale),
      ...lineShapes(lines, scale),
      ...latestShapes(curve, scale),
    );
    chart.replaceChildren(drawn);
    tellLines((name) => lines[name].some(Boolean));
  };

  /** The curve, while its day lasts. */
  const current = () => (page.day && app.freshness.now() < page.day.end ? page.day : null);

  /** What was observed last, beside what is usual then; null where nothing was today. */
  const presentOf = ({ latest, start, usual }) => {
    if (!latest) return null;
    const { day_curve: wording } = page.texts;
    const { fill, time } = app.wording;
    const [at, level] = latest;
    const isLate = app.freshness.now() - at > page.settings.lateAfterSeconds;
    const said = fill(isLate ? wording.then : wording.now, { level: levelOf(level), time: time(at) });
    const habit = usual[Math.floor((at - start) / HOUR_S)];
    return habit ? fill(wording.usually, { now: said, level: levelOf(habit[1]) }) : said;
  };

  const hourAfter = (now) => (Math.floor(now / HOUR_S) + 1) * HOUR_S;

  const sentenceOf = (curve) => {
    const { day_curve: wording } = page.texts;
    const now = presentOf(curve);
    if (curve.ahead.length === 0) return now ?? wording.waiting;
    const [at, , level] = curve.ahead.reduce((most, one) => (one[2] > most[2] ? one : most));
    const peak = { level: levelOf(level), hour: hourWords(app.wording.weekHour(at).hour) };
    if (!now) return app.wording.fill(wording.peak, peak);
    // No peak to come: "around 7 pm" would be past at half past.
    const ebbs = at < hourAfter(app.freshness.now());
    return app.wording.fill(ebbs ? wording.now_and_ebb : wording.now_and_peak, { now, ...peak });
  };

  const rowOf = (curve, { at, hour }, place) => {
    const { fill } = app.wording;
    const quarters = curve.observed
      .slice(QUARTERS * place, QUARTERS * (place + 1))
      .filter((level) => level !== null);
    const observed = quarters.reduce((sum, level) => sum + level, 0) / quarters.length;
    const usual = curve.usual[place];
    const ahead = curve.ahead.find((point) => point[0] >= middleOf({ at }) && point[0] < at + HOUR_S);
    const forecast =
      ahead &&
      fill(page.texts.day_curve.in_band, {
        level: levelOf(ahead[2]),
        low: levelOf(ahead[1]),
        high: levelOf(ahead[3]),
      });
    const row = app.element("tr");
    const head = app.element("th", "", hourWords(hour));
    head.setAttribute("scope", "row");
    const cells = [
      quarters.length > 0 ? levelOf(Math.round(observed)) : null,
      usual ? levelOf(usual[1]) : null,
      forecast,
    ];
    row.append(
      head,
      ...cells.map((text) => app.element("td", "", text ?? page.texts.glance.no_value)),
    );
    return row;
  };

  /** Have it drawn anew at another width. */
  const followWidth = () => {
    const chart = document.getElementById(CHART);
    if (chart === drawnInto) return;
    widths.disconnect();
    widths.observe(chart);
    drawnInto = chart;
  };

  const write = () => {
    const rows = document.getElementById("day-curve-rows");
    if (!page.texts || !rows) return;
    const curve = current();
    const sentence = curve ? sentenceOf(curve) : page.texts.day_curve.waiting;
    app.write({ "day-curve-sentence": { text: sentence } });
    rows.replaceChildren(
      ...(curve ? hoursOf(curve).map((hour, place) => rowOf(curve, hour, place)) : []),
    );
    followWidth();
    draw();
  };

  /** What a refresh says of it: a version, undefined without news. */
  const follow = async (told) => {
    if (told !== undefined) version = told;
    if (version !== null && page.day?.version !== version) {
      try {
        const day = await app.dayCurve(version, page.settings.dayUrl);
        if (day.version === version) app.change({ day });
      } catch {
        // The server has another by now, or does not answer: the next refresh tells of it anew.
      }
      return;
    }
    // Its day may be over, or what was observed last be late by now.
    write();
  };

  app.follow(["day"], write);
  app.follow(["moment"], draw);
  app.day = { follow, version: () => page.day?.version ?? null };
})();
