/* The map: paints the roads, answers buttons and clicks; goes with its page, and comes back as it was
   left. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;
  const { traffic: callbacks } = window.dash_clientside;

  // The frame whose map is started, and the promise of its driver.
  let started = { frame: null, driver: null };
  const ready = async () => {
    const { frame } = page;
    if (started.frame !== frame) {
      const driver = app.mapStart.start(page.settings.map, () => frame === page.frame);
      started = { frame, driver };
    }
    const driver = await started.driver;
    if (frame !== page.frame) return null;
    if (driver && !page.driver) {
      driver.hide(page.hidden);
      app.change({ driver });
    }
    if (!driver) {
      const text = page.texts.map[app.mapStart.why()];
      app.write({ "map-unavailable": { hidden: false, text } });
    }
    return driver;
  };

  const leave = () => {
    if (page.frame?.isConnected === false) app.change({ frame: null });
  };

  /** The graph has gone from the document, with the page of the map. */
  const end = () => {
    if (!page.driver) return;
    app.mapStart.end(page.driver);
    if (page.forecast) page.forecast.isPainted = false;
    app.change({ driver: null });
  };

  /** Paint what there is of the moment chosen, or else the newest snapshot; one that came in the
      meantime has replaced the one asked for. */
  const paintNewest = async () => {
    const driver = await ready();
    const { forecast, snapshot, codes } = page;
    if (!snapshot) return;
    if (driver && !forecast) {
      await driver.paint(snapshot, codes);
      driver.drawFaint(new Set());
    }
    // Snapshots that come underneath leave a forecast on the screen as it is.
    if (driver && forecast && !forecast.isPainted) await paintForecast(driver, forecast, snapshot);
    app.usual.update();
    app.roadCard.update();
  };

  /** What cannot be told of is painted as unknown; what is still to come leaves the map, dimmed. */
  const paintForecast = async (driver, forecast, snapshot) => {
    if (forecast.state === "waiting") return;
    const isTold = forecast.state === "ready";
    await driver.paint(
      isTold ? forecast.answer : snapshot,
      isTold ? forecast.codes : new Uint8Array(page.codes.length),
    );
    driver.drawFaint(isTold ? forecast.leaning : new Set());
    forecast.isPainted = true;
  };

  const painted = async () => {
    try {
      await paintNewest();
    } catch (error) {
      console.error("the map could not be painted:", error);
    }
  };

  callbacks.toggleStatus = () => {
    const { triggered_id: button } = window.dash_clientside.callback_context;
    toggle(page.settings.statuses.indexOf(button.replace("legend-", "")));
  };

  /** Hide what the legend shows, or show it again: a status' code, or "roadworks". */
  const toggle = (entry) => {
    const hidden = new Set(page.hidden);
    if (!hidden.delete(entry)) hidden.add(entry);
    app.change({ hidden });
  };

  const writeLegend = () => {
    const { hidden, driver, settings } = page;
    const pressed = settings.statuses.map((status, code) => [
      `legend-${status}`,
      { "aria-pressed": String(!hidden.has(code)) },
    ]);
    app.write(Object.fromEntries(pressed));
    driver?.hide(hidden);
    if (page.snapshot) app.roadCard.update();
  };

  /** The driver for a click, which may come while the map is still being drawn. */
  const driverForClick = () => page.settings && ready();

  callbacks.moveMap = async () => {
    const { triggered_id: button } = window.dash_clientside.callback_context;
    const driver = await driverForClick();
    if (!driver) return;
    if (button === "whole-view") driver.fitWhole();
    else driver.zoomBy(button === "zoom-in" ? 1 : -1);
  };

  callbacks.showWorstStretch = async () => {
    const { triggered_id: button } = window.dash_clientside.callback_context;
    const worst = app.figuresTold()?.worst[Number(button.replace("worst-", ""))];
    if (!worst) return;
    // Without a map the panel tells of it all the same.
    await driverForClick();
    await app.roadCard.flyTo(worst[0]);
  };

  /** Status code of a segment as the map shows it, or null, and whether the legend hides it. */
  const shown = (id) => {
    const code = (page.forecast || page).codes?.[id] ?? null;
    return { code, isHidden: page.hidden.has(code) };
  };

  app.follow(["address"], leave);
  app.follow(["frame"], end);
  app.follow(["forecast"], painted);
  app.follow(["hidden"], writeLegend);
  app.trafficMap = { painted, shown, toggle };
})();
