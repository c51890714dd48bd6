/* Documents fetched once per version, and only when something needs them. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  app.addressOf = (template, version) =>
    template.replace("{version}", encodeURIComponent(version));

  /** Keeps the last document only, so that a page left open does not grow. */
  const keepLast = (load) => {
    let kept = { version: null, promise: null };
    return (version, template) => {
      if (kept.version !== version) {
        const promise = load(app.addressOf(template, version));
        kept = { version, promise };
        promise.catch(() => {
          // A failure is not kept: the next one to ask tries again.
          if (kept.promise === promise) kept = { version: null, promise: null };
        });
      }
      return kept.promise;
    };
  };

  app.fetchJson = async (url) => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return response.json();
  };

  /** The network's features, in its fixed order. Comes from the browser's cache. */
  app.networkFeatures = keepLast(async (url) => (await app.fetchJson(url)).features);

  /** The roads of the network shown, in its fixed order. */
  app.roads = () => {
    const { snapshot, settings } = app.page;
    return app.networkFeatures(snapshot.network, settings.map.networkUrl);
  };

  /** A road of the network shown, by the feed's id; undefined where it has none of that id. */
  app.roadOf = async (id) =>
    (await app.roads()).find(({ properties }) => properties.segment_id === id);

  /** The roadworks of a day; none where the server has others by now, which is no document. */
  app.roadworksOf = keepLast(app.fetchJson);

  /** The curve of a day. */
  app.dayCurve = keepLast(app.fetchJson);

  /** The stretches of a network, and of which of them each segment is. */
  app.networkStretches = keepLast(app.fetchJson);

  /** The worst stretches and the corridors of each zone, in a snapshot. */
  app.zonePlaces = keepLast(app.fetchJson);

  /** What of a network can be found by its name. */
  app.networkPlaces = keepLast(app.fetchJson);

  /** The unusual events of a snapshot. */
  app.snapshotEvents = keepLast(app.fetchJson);
})();
