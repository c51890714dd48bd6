/* An answer of the server: what is news in it is shown, each part of the page by itself. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  // A map that is not there by then is not waited for: the figures beside it go on.
  const PAINT_LIMIT_MS = 8000;
  // How far the clocks of two servers may be apart.
  const CLOCKS_APART_S = 120;

  const painted = () => app.within(PAINT_LIMIT_MS, app.trafficMap.painted());

  /** The roads first, whose pixels take longest, once there is a map; then the figures beside. */
  const show = async (snapshot) => {
    const codes = app.unpackStatuses(snapshot.statuses, app.segmentsOf(snapshot));
    Object.assign(page, { snapshot, codes });
    const painting = painted();
    if (page.driver) await painting;
    app.change({ snapshot, codes });
    await painting;
  };

  /** Whether a server is behind the one that answered before: then it has no news. Where a clock was
      put right, what is shown is of a time to come, and gives way. */
  const isBehind = (time, told, shown = page.snapshot) => {
    if (!shown || !told || told.source !== shown.source) return false;
    return told.observed_at < shown.observed_at && shown.observed_at <= time + CLOCKS_APART_S;
  };

  /** Gives the versions now shown, which the next answer is compared with: of the snapshot once
      its roads are painted. */
  window.dash_clientside.traffic.refreshed = async (told, settings, texts) => {
    const { time } = told;
    const news = isBehind(time, told.snapshot) ? { time } : told;
    const { snapshot, forecasts, roadworks, day } = news;
    Object.assign(page, { settings, texts, feedFails: Boolean(news.feed_fails) });
    const frame = document.getElementById("map-frame");
    if (frame !== page.frame) app.change({ frame });
    app.freshness.answered(time);
    if (forecasts) app.change({ zoneTable: forecasts });
    app.moment.followTime(time);
    app.address.follow();
    // The server answers: what it was asked for in vain is asked again.
    app.forecast.retry();
    app.mapForecast.update();
    app.roadworks.follow(roadworks);
    app.day.follow(day);
    if (snapshot) {
      await show(snapshot);
    } else {
      app.nowcast.ask();
      if (!page.snapshot) await painted();
    }
    return {
      snapshot: page.snapshot?.version ?? null,
      forecasts: page.zoneTable?.version ?? null,
      roadworks: app.roadworks.mark(),
      day: app.day.version(),
    };
  };

  app.refresh = { isBehind };
})();
