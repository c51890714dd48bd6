/* What the page shows, in one place, and what several scripts need. Its name has it loaded first. */
(() => {
  "use strict";
  const followers = [];

  const page = {
    settings: null,
    texts: null,
    // The newest snapshot, null before the first, and the status code of each segment.
    snapshot: null,
    codes: null,
    // Whether there is no snapshot because the server cannot read the feed.
    feedFails: false,
    // The forecast that the map shows instead, as { answer, codes }; null while it shows now.
    forecast: null,
    // Every answer of the forecast card, see callbacks/live/zone_table.py; null without a model.
    zoneTable: null,
    // Today's curve of congestion, see services/web/day.py; null before the first.
    day: null,
    // The hour and day that a page would start with now.
    moment: null,
    // Codes of the statuses that the legend hides.
    hidden: new Set(),
    // Id of the road that the panel tells of, null for none.
    road: null,
    // What draws the map: null until it is there, and where no map can be drawn.
    driver: null,
  };

  /** Have a part follow what is shown: called after each change of one of these. */
  const follow = (names, react) => followers.push({ names, react });

  const change = (changes) => {
    Object.assign(page, changes);
    followers
      .filter(({ names }) => names.some((name) => name in changes))
      .forEach(({ react }) => react());
  };

  // A local answer takes milliseconds, a phone on a train some seconds.
  const PATIENCE_MS = 10000;

  const pause = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));

  /** A promise, which is not waited for longer than that; no timer stays behind. */
  const within = (limitMs, promise) => {
    let timer = null;
    const limit = new Promise((resolve) => {
      timer = window.setTimeout(resolve, limitMs);
    });
    return Promise.race([promise, limit]).finally(() => window.clearTimeout(timer));
  };

  const element = (tag, className = "", text = "") =>
    Object.assign(document.createElement(tag), { className, textContent: text });

  /** The lines that the geometry of a road is made of. */
  const partsOf = ({ type, coordinates }) => (type === "LineString" ? [coordinates] : coordinates);

  window.trafficRennes = { page, follow, change, PATIENCE_MS, pause, within, element, partsOf };
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.traffic = {};
})();
