/* Watches a map inside a Plotly graph from within the page: when it was painted, and how long a
   change takes until its last frame is on the screen. */
(() => {
  "use strict";
  const POLL_MS = 4;
  // A map that stays idle for so long has finished drawing.
  const QUIET_MS = 400;
  const LIMIT_MS = 60000;
  const ASK_AGAIN_MS = 500;
  const PAN_STEP_PX = 8;

  const pause = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));

  /** Poll until something is there; fail rather than wait for ever. */
  const until = async (what, find) => {
    const deadline = performance.now() + LIMIT_MS;
    for (;;) {
      const found = find();
      if (found) return found;
      if (performance.now() > deadline) throw new Error(`${what}: not within ${LIMIT_MS} ms`);
      await pause(POLL_MS);
    }
  };

  const plotOfPage = () => document.querySelector(".js-plotly-plot");
  const mapIn = (plot) => plot?._fullLayout?.map?._subplot?.map ?? null;

  /** Wait until the frame that was asked for is really drawn. */
  const finish = (map) => {
    const canvas = map.getCanvas();
    const gl = canvas.getContext("webgl2") || canvas.getContext("webgl");
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  };

  /** Whether lines are drawn in the middle of the map; roads coloured by state need their state. */
  const showsRoads = (map) => {
    const { clientWidth: width, clientHeight: height } = map.getCanvas();
    const middle = [
      [width / 3, height / 3],
      [(2 * width) / 3, (2 * height) / 3],
    ];
    return map
      .queryRenderedFeatures(middle)
      .some(
        ({ layer, state }) =>
          layer.type === "line" && (layer.id.startsWith("plotly-") || state.status !== undefined),
      );
  };

  /** Milliseconds from the start of the navigation to the first frame with roads. */
  const roadsPainted = async () => {
    const map = await until("a map", () => mapIn(plotOfPage()));
    let paintedAt = null;
    const look = () => {
      if (paintedAt !== null || !showsRoads(map)) return;
      finish(map);
      paintedAt = performance.now();
    };
    map.on("render", look);
    if (map.loaded()) look();
    await until("roads", () => paintedAt);
    map.off("render", look);
    return paintedAt;
  };

  /** Milliseconds from a change to the end of the last frame that it causes. */
  const timeChange = async (map, change, isDone) => {
    let doneAt = null;
    const note = () => {
      finish(map);
      doneAt = performance.now();
    };
    map.on("idle", note);
    const started = performance.now();
    try {
      change();
      await until(
        "a change",
        () => doneAt !== null && performance.now() - doneAt >= QUIET_MS && isDone(),
      );
    } finally {
      map.off("idle", note);
    }
    return doneAt - started;
  };

  /** The texts of two answers with a snapshot each, or of two figures: changes go from one to the other. */
  let given = [];

  const keep = (texts) => {
    given = texts;
  };

  /** A segment whose status differs between the two snapshots, and its status in one of them. */
  const changedSegment = (place) => {
    const [after, before] = [given[place], given[1 - place]].map((text) => {
      const { statuses, counts } = JSON.parse(text).snapshot;
      const segments = counts.reduce((sum, count) => sum + count, 0);
      return window.trafficRennes.unpackStatuses(statuses, segments);
    });
    const id = after.findIndex((status, segment) => status !== before[segment]);
    return { id, status: after[id] };
  };

  const set = (id, property, value) =>
    window.dash_clientside.set_props(id, { [property]: value });

  /** An answer with a snapshot of after the one that is shown: a page takes none of before it. */
  const newerNews = (text) => {
    const news = JSON.parse(text);
    news.snapshot.observed_at = window.trafficRennes.page.snapshot.observed_at + 1;
    return news;
  };

  /** Hand the dashboard a snapshot, as an answer of the server does. */
  const refresh = (place, { store, source }) => {
    const map = mapIn(plotOfPage());
    const { id, status } = changedSegment(place);
    return timeChange(
      map,
      () => set(store, "data", newerNews(given[place])),
      () => map.getFeatureState({ source, id }).status === status && map.loaded(),
    );
  };

  /** Hand a graph a whole new figure, as an answer of the server does. */
  const redraw = (place, { graph }) => {
    const plot = plotOfPage();
    const map = mapIn(plot);
    const before = plot.data;
    return timeChange(
      map,
      () => set(graph, "figure", JSON.parse(given[place])),
      () => plot.data !== before && map.loaded(),
    );
  };

  /** Ask the server for the one of the two that it has by now, as a tab does that comes back:
      Dash keeps for ever what a script of the page hands it. While another request has the
      server read the news, it still answers with the ones before: then once more. */
  const ask = (place, { wake, source }) => {
    const map = mapIn(plotOfPage());
    const { id, status } = changedSegment(place);
    let askedAt = -Infinity;
    return until("a refresh", () => {
      if (map.getFeatureState({ source, id }).status === status && map.loaded()) return true;
      if (performance.now() - askedAt < ASK_AGAIN_MS) return false;
      askedAt = performance.now();
      window.dash_clientside.set_props(wake, { data: askedAt });
      return false;
    });
  };

  /** Where the map of the page looks, and its size on the screen. */
  const view = () => {
    const plot = plotOfPage();
    const { width, height } = plot.getBoundingClientRect();
    const map = mapIn(plot);
    const { lng: lon, lat } = map.getCenter();
    return { width, height, center: { lon, lat }, zoom: map.getZoom() };
  };

  /** Frames a second that are really drawn while the map is moved on for each, round in a circle.
      Zooms in first, by that many levels. */
  const pan = async (seconds, levels) => {
    const map = mapIn(plotOfPage());
    map.jumpTo({ zoom: map.getZoom() + levels });
    await until("the closer view", () => map.loaded());
    let frames = 0;
    const note = () => {
      finish(map);
      frames += 1;
    };
    map.on("render", note);
    const started = performance.now();
    const passed = () => (performance.now() - started) / 1000;
    while (passed() < seconds) {
      const turn = (2 * Math.PI * passed()) / seconds;
      const step = [Math.cos(turn), Math.sin(turn)].map((part) => PAN_STEP_PX * part);
      map.panBy(step, { animate: false });
      await new Promise((resolve) => window.requestAnimationFrame(resolve));
    }
    map.off("render", note);
    return frames / passed();
  };

  const painted = roadsPainted();
  // Whoever asks is told of a failure; until then it is nobody's.
  painted.catch(() => {});
  window.trafficProbe = { painted, keep, refresh, ask, redraw, view, pan };
})();
