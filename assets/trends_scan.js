/* The congestion scan: reads the cell that is pointed at out in words, and tells the page of it.

   trends:cell { segment, epoch_s, by }  a road at a time: its place in the network; epoch_s is null
                                         for the mean day of a period, which is of no one day
   trends:time { epoch_s, by }           heard: a line stands at that time */
(() => {
  "use strict";
  const OWN = "scan";
  const GRAPH = "#trends-scan .js-plotly-plot";
  const FRAME_MS = 200;

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

  const percent = (share) =>
    new Intl.NumberFormat(document.documentElement.lang || "fr", {
      style: "percent",
      maximumFractionDigits: 0,
    }).format(share);

  /** The cell at a place of the axes; null beside the diagram. */
  const cellAt = ({ ends_m: ends, times }, x, y) => {
    const segment = ends.findIndex((end) => y < end);
    const time = Math.floor(x);
    return segment < 0 || y < 0 || time < 0 || time >= times.length ? null : { segment, time };
  };

  /** What is known of a cell: its speed and its share of free flow, null where there is none. */
  const known = (figure, { segment, time }) => {
    const { measure, free_kmh: free } = figure.layout.meta;
    const value = figure.data[0].z[segment][time];
    if (value === null || value === undefined) return null;
    const freeKmh = free[segment];
    return measure === "part"
      ? { speed: value * freeKmh, share: value }
      : { speed: value, share: freeKmh ? value / freeKmh : null };
  };

  /** A cell in words. */
  const words = (figure, cell) => {
    const { words: texts, times, places, closed } = figure.layout.meta;
    const where = { time: times[cell.time], place: places[cell.segment] };
    const found = known(figure, cell);
    if (found) {
      const share = found.share === null ? "–" : percent(found.share);
      return fill(texts.cell, { ...where, speed: Math.round(found.speed), share });
    }
    const isClosed = closed.some(([segment, at]) => segment === cell.segment && at === cell.time);
    return fill(isClosed ? texts.cell_closed : texts.cell_unknown, where);
  };

  const epochOf = ({ start_s: start, step_s: step }, time) =>
    start === null ? null : start + time * step;

  const tell = (meta, cell) =>
    document.dispatchEvent(
      new CustomEvent("trends:cell", {
        detail: {
          segment: meta.segments[cell.segment],
          epoch_s: epochOf(meta, cell.time),
          by: OWN,
        },
      }),
    );

  const LINE = { type: "line", line: { color: "#ffffff", width: 3 } };
  const CORE = { type: "line", line: { color: "#10233f", width: 1, dash: "dot" } };

  /** The lines that mark a time, and a place where one is given. */
  const cross = (meta, x, y) => {
    const along = { x0: x, x1: x, y0: 0, y1: meta.ends_m.at(-1) };
    const across = y === null ? [] : [{ x0: 0, x1: meta.times.length, y0: y, y1: y }];
    return [along, ...across].flatMap((ends) => [
      { ...LINE, ...ends },
      { ...CORE, ...ends },
    ]);
  };

  const mark = (x, y) => {
    const graph = document.querySelector(GRAPH);
    const meta = graph?.layout?.meta;
    if (!meta) return;
    const own = graph.layout.shapes.slice(0, meta.shapes);
    window.Plotly.relayout(graph, { shapes: [...own, ...cross(meta, x, y)] });
  };

  /** Of what Plotly tells of a pointer, or of the two sliders: the words of the cell. */
  const read = (hover, click, time, place, figure) => {
    const dash = window.dash_clientside;
    const meta = figure?.layout?.meta;
    const id = dash.callback_context.triggered[0]?.prop_id ?? "";
    if (!meta) return dash.no_update;
    let cell = null;
    if (id.endsWith(".value")) {
      cell = {
        segment: Number(place ?? Math.floor(meta.segments.length / 2)),
        time: Number(time ?? Math.floor(meta.times.length / 2)),
      };
      const from = cell.segment ? meta.ends_m[cell.segment - 1] : 0;
      mark(cell.time + 0.5, (from + meta.ends_m[cell.segment]) / 2);
    } else {
      const point = (id.endsWith(".clickData") ? click : hover)?.points?.[0];
      cell = point ? cellAt(meta, point.x, point.y) : null;
    }
    if (!cell) return dash.no_update;
    tell(meta, cell);
    return words(figure, cell);
  };

  let drawnAt = 0;
  let waiting = null;

  /** The line of a time that another part looks at; a replay tells of ten a second. */
  const follow = ({ detail }) => {
    if (detail.by === OWN || detail.epoch_s === null) return;
    const draw = () => {
      drawnAt = performance.now();
      waiting = null;
      const meta = document.querySelector(GRAPH)?.layout?.meta;
      if (!meta || meta.start_s === null) return;
      const x = (detail.epoch_s - meta.start_s) / meta.step_s;
      if (x >= 0 && x <= meta.times.length) mark(x, null);
    };
    clearTimeout(waiting);
    waiting = setTimeout(draw, Math.max(0, drawnAt + FRAME_MS - performance.now()));
  };

  document.addEventListener("trends:time", follow);

  window.dash_clientside = { ...window.dash_clientside, trends_scan: { read, words, cellAt } };
})();
