/* Today's curve of congestion: drawn anew when there is another curve, another moment or another
   width. The curve comes in a document of its own, of which a refresh tells the version. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;
  const { EDGE, axes, hoursOf, hourWords, levelOf, pathOf, scaleOf, shape } = app.dayChart;

  const CHART = "day-curve-chart";
  const HOUR_S = 3600;
  const QUARTER_S = 900;
  const MINUTE_S = 60;
  const QUARTERS = HOUR_S / QUARTER_S;
  // The first lies below the others.
  const LINES = ["usual", "forecast", "observed"];
  const LATEST_RADIUS = 3.5;
  // From the last one observed to a forecast further ahead than this there is no line.
  const JOINED_WITHIN_S = 2 * HOUR_S;

  // The version that the server told of last.
  let version = null;
  // What the curve was drawn into last: another page and back makes another one.
  let drawnInto = null;

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

  /** The highest level of a curve's lines, in percent. */
  const highestOf = ({ observed, usual, band }) =>
    Math.max(
      ...[...observed, ...usual].filter(Boolean).map(([, level]) => level),
      ...band.map(([, , , high]) => high),
    );

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
    const scale = scaleOf(curve, highestOf(lines), chart);
    const { width, height } = scale;
    const viewBox = `0 0 ${width} ${height}`;
    const drawn = shape("svg", { viewBox, width, height, "aria-hidden": "true" });
    drawn.append(
      ...axes(curve, scale),
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
