/* Shows snapshots: waits for the graph, paints the roads, answers buttons and clicks. */
(() => {
  "use strict";
  const app = (window.trafficRennes = window.trafficRennes || {});
  const callbacks = ((window.dash_clientside = window.dash_clientside || {}).traffic =
    window.dash_clientside.traffic || {});

  const POLL_MS = 40;
  // A map that is not there by then is not waited for: the figures beside it go on.
  const PAINT_LIMIT_MS = 8000;
  const PLOT_SELECTOR = ".js-plotly-plot";
  // The map is made together with the graph; one that is still missing then is out of reach.
  const HANDLE_LIMIT_MS = 3000;

  const state = {
    driver: null,
    starting: null,
    snapshot: null,
    codes: null,
    // The forecast that the map shows instead, with its codes; null while it shows now.
    forecast: null,
    hidden: new Set(),
    settings: null,
    texts: null,
  };

  const pause = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));

  const hasWebGl = () => {
    try {
      return document.createElement("canvas").getContext("webgl2") !== null;
    } catch {
      return false;
    }
  };

  /** The driver of the graph once it is drawn; null where no map can be drawn at all. */
  const start = async (settings) => {
    if (!hasWebGl()) return null;
    for (let waited = 0; ; await pause(POLL_MS)) {
      const plot = document.getElementById(settings.graph)?.querySelector(PLOT_SELECTOR);
      const map = app.mapHandle(plot);
      if (map) {
        const driver = new app.LayerDriver(map, plot, settings);
        await driver.ready;
        return driver;
      }
      if (plot?._fullLayout?.map) waited += POLL_MS;
      if (waited > HANDLE_LIMIT_MS) return new app.TraceDriver(plot, settings);
    }
  };

  const ready = async (settings, texts) => {
    state.starting ||= start(settings);
    const driver = await state.starting;
    if (driver && !state.driver) {
      state.driver = driver;
      driver.hide(state.hidden);
      app.roadCard.attach(driver, settings, texts);
    }
    if (!driver) app.write({ "map-unavailable": { hidden: false } });
    return driver;
  };

  /** Paint the forecast that was chosen, or else the newest snapshot; one that came in the
      meantime has replaced the one asked for. */
  const paintNewest = async (settings, texts) => {
    const driver = await ready(settings, texts);
    const { forecast, snapshot, codes } = state;
    if (driver && !forecast) await driver.paint(snapshot, codes);
    // Snapshots that come underneath leave a forecast on the screen as it is.
    if (driver && forecast && !forecast.isPainted) {
      await driver.paint(forecast.answer, forecast.codes);
      forecast.isPainted = true;
    }
    app.usual.follow(driver, snapshot, !forecast, settings, texts);
    app.roadCard.update();
  };

  /** What the legend counts: the roads as the map shows them. */
  const legend = (settings, texts) =>
    state.forecast
      ? app.legendFigures(state.forecast.answer, app.forecastTexts(texts), settings)
      : app.legendFigures(state.snapshot, texts, settings);

  const repaint = async () => {
    const { snapshot, settings, texts } = state;
    // Before the first snapshot nothing is painted: it brings the forecast with it.
    if (!snapshot) return;
    app.write(legend(settings, texts));
    try {
      await paintNewest(settings.map, texts);
    } catch (error) {
      console.error("the map could not be painted:", error);
    }
  };

  /** Show a snapshot everywhere. Gives the version now shown, which the next refresh is compared with. */
  callbacks.show = async (snapshot, settings, texts) => {
    Object.assign(state, { settings, texts });
    app.freshness.follow(snapshot, texts, settings);
    app.nowcast.follow(snapshot, settings, texts);
    if (!snapshot) {
      ready(settings.map, texts);
      return window.dash_clientside.no_update;
    }
    const isOtherNetwork = state.snapshot && state.snapshot.network !== snapshot.network;
    state.snapshot = snapshot;
    state.codes = app.unpackStatuses(snapshot.statuses, app.segmentsOf(snapshot));
    if (isOtherNetwork) app.mapForecast.askAgain();
    app.write({ ...app.figures(snapshot, texts, settings), ...legend(settings, texts) });
    try {
      await Promise.race([paintNewest(settings.map, texts), pause(PAINT_LIMIT_MS)]);
    } catch (error) {
      console.error("the map could not be painted:", error);
    }
    return snapshot.version;
  };

  callbacks.toggleStatus = (...args) => {
    const settings = args.pop();
    const hidden = new Set(args.pop());
    const order = settings.legendOrder;
    const { triggered_id: button } = window.dash_clientside.callback_context;
    const code = settings.statuses.indexOf(button.replace("legend-", ""));
    if (!hidden.delete(code)) hidden.add(code);
    state.hidden = hidden;
    if (state.driver) state.driver.hide(hidden);
    app.roadCard.update();
    return [[...hidden], ...order.map((item) => String(!hidden.has(item)))];
  };

  /** The driver for a click, which may come while the map is still being drawn. */
  const driverForClick = () => state.settings && ready(state.settings.map, state.texts);

  callbacks.moveMap = async () => {
    const { triggered_id: button } = window.dash_clientside.callback_context;
    const driver = await driverForClick();
    if (!driver) return;
    if (button === "whole-view") driver.fitWhole();
    else driver.zoomBy(button === "zoom-in" ? 1 : -1);
  };

  callbacks.showWorstRoad = async (...args) => {
    const snapshot = args.pop();
    const { triggered_id: button } = window.dash_clientside.callback_context;
    const road = snapshot?.worst[Number(button.replace("worst-", ""))];
    if (road && (await driverForClick())) await app.roadCard.flyTo(road[4]);
  };

  /** Status code of a segment as shown, or null; the newest snapshot, and the forecast that the
      code belongs to, or null when it is the snapshot's. */
  app.shown = (id) => {
    const codes = state.forecast ? state.forecast.codes : state.codes;
    return {
      snapshot: state.snapshot,
      forecast: state.forecast?.answer ?? null,
      code: codes?.[id] ?? null,
      isHidden: state.hidden.has(codes?.[id]),
    };
  };

  /** Show a forecast instead of the snapshots, which go on coming underneath. */
  const showForecast = (answer) => {
    const codes = app.unpackStatuses(answer.statuses, app.segmentsOf(answer));
    state.forecast = { answer, codes, isPainted: false };
    repaint();
  };

  /** Show the newest snapshot again. */
  const showNow = () => {
    if (!state.forecast) return;
    state.forecast = null;
    repaint();
  };

  app.trafficMap = { showForecast, showNow };
})();
