/* An answer of the server: what is news in it is shown, each part of the page by itself. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  // A map that is not there by then is not waited for: the figures beside it go on.
  const PAINT_LIMIT_MS = 8000;

  /** Gives the versions now shown, which the next answer is compared with: of the snapshot once
      its roads are painted. */
  window.dash_clientside.traffic.refreshed = async (news, settings, texts) => {
    const { time, snapshot, forecasts } = news;
    Object.assign(page, { settings, texts });
    app.freshness.answered(time);
    if (forecasts) app.change({ zoneTable: forecasts });
    app.forecast.followTime(time);
    if (snapshot) {
      const codes = app.unpackStatuses(snapshot.statuses, app.segmentsOf(snapshot));
      app.change({ snapshot, codes });
    } else {
      app.nowcast.ask();
    }
    if (snapshot || !page.snapshot) {
      await app.within(PAINT_LIMIT_MS, app.trafficMap.painted());
    }
    return {
      snapshot: page.snapshot?.version ?? null,
      forecasts: page.zoneTable?.version ?? null,
    };
  };
})();
