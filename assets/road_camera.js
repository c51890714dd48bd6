/* On the card of a road: what its cameras said last, and the way to read a picture of it. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const FRESH_FOR_MS = 60_000;

  // The last reading of every camera, as they were asked for last.
  const state = { askedAt: -Infinity, readings: [] };

  const ask = async (url) => {
    state.askedAt = performance.now();
    try {
      state.readings = await app.fetchJson(url);
    } catch {
      // The card does without; the next one asks again.
    }
  };

  const line = ({ name, status, at }) => {
    const { texts } = page;
    const seconds = Math.max(0, (Date.now() - Date.parse(at)) / 1000);
    const values = {
      name,
      status: texts.zone_status[status],
      age: app.wording.age(seconds, texts),
    };
    return app.element("p", "road-usual", app.wording.fill(texts.road.camera, values));
  };

  /** What the cameras of a road said, each with its age, and a link; written again once known.
      Nothing where no pictures are read. */
  const part = (road, rewrite) => {
    const { camera } = page.settings.map;
    if (!camera) return [];
    const { segment_id: segment } = road.properties;
    if (performance.now() - state.askedAt > FRESH_FOR_MS) ask(camera.readingsUrl).then(rewrite);
    const link = app.element("a", "road-link", page.texts.road.camera_link);
    link.href = `${camera.pageUrl}?${camera.parameter}=${encodeURIComponent(segment)}`;
    const said = state.readings.filter(({ segment_id: id }) => id === segment);
    return [...said.map(line), link];
  };

  // On the page of the camera another reading may have been kept.
  app.follow(["frame"], () => {
    state.askedAt = -Infinity;
  });
  app.roadCamera = { part };
})();
