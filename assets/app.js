/* What the page shows, in one place, and what several scripts need. Its name has it loaded first. */
(() => {
  "use strict";
  const followers = [];

  const page = {
    settings: null,
    texts: null,
    // What the header of a page without a refresh comes with, for the age of the data: settings,
    // texts and snapshot of its own, see components/header.py; null on the map's page.
    header: null,
    // The newest snapshot, null before the first, and the status code of each segment.
    snapshot: null,
    codes: null,
    // Whether there is no snapshot because the server cannot read the feed.
    feedFails: false,
    // The moment shown, by assets/moment.js: { kind: "now" }, { kind: "ahead", minutes }, or
    // { kind: "hour", day, hour, date }; the day by its name in the settings.
    moment: { kind: "now" },
    // The zone looked at; null for the whole network.
    zone: null,
    // The road looked at, by the feed's id; null for none.
    road: null,
    // The place that the panel lists roads of, by its key in assets/places.js; null for none.
    place: null,
    // The segments of what was found by its name, to be outlined; null for none.
    found: null,
    // Whether the visitor had their own place shown: where the map looks is then told to nobody.
    isLocated: false,
    // The roads of another moment than now, see assets/map_forecast.js; null while now is shown.
    forecast: null,
    // The next hour of the zones, and of the roads once somebody asks: assets/nowcast.js.
    nextHour: null,
    nextHourRoads: null,
    // Every forecast of an hour of a zone, see callbacks/live/zone_table.py; null without a model.
    zoneTable: null,
    // Today's curve of congestion, see services/web/day.py; null before the first.
    day: null,
    // Today and the coming hour, in the city: { hour, day, today, date }.
    coming: null,
    // Codes of the statuses that the legend hides, and "roadworks" where it hides those.
    hidden: new Set(),
    // The element around the map: another one each time the page of the map is come back to, which
    // then comes from the server as at first. Null on other pages.
    frame: null,
    // What draws the map: null until it is there, where no map can be drawn, and on other pages.
    driver: null,
    // The address of the page, once it has changed without a load: of another page, or by back.
    address: null,
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

  /** The entry of a stretch in a list, which leads there; `more` stands below what is told of it. */
  const stretchItem = (className, { way, ends, delay, detail }, press, more = []) => {
    const button = element("button", className);
    button.type = "button";
    button.append(
      element("span", "worst-name", way),
      element("span", "worst-delay", delay),
      element("span", "worst-soft", ends),
      element("span", "worst-soft", detail),
      ...more,
    );
    button.addEventListener("click", press);
    const item = element("li");
    item.append(button);
    return item;
  };

  /** The lines that the geometry of a road is made of. */
  const partsOf = ({ type, coordinates }) => (type === "LineString" ? [coordinates] : coordinates);

  /** The segments of each stretch of a network, as places in its order. */
  const segmentsByStretch = ({ stretches, of }) => {
    const segments = stretches.map(() => []);
    of.forEach((stretch, segment) => segments[stretch].push(segment));
    return segments;
  };

  window.trafficRennes = {
    page,
    follow,
    change,
    PATIENCE_MS,
    pause,
    within,
    element,
    stretchItem,
    partsOf,
    segmentsByStretch,
  };
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.traffic = {};
})();
