/* The page on a wall, asked for by `?mur`: nothing to press, always awake, and by turns what is now
   and what is forecast. Whatever else is different is in wall.css. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const PARAMETER = "mur";
  const LEAD_MINUTES = 30;
  // How long each moment is shown, unless the address says it: ?mur=60.
  const TURN_S = 20;
  const LONGEST_TURN_S = 3600;
  const TICK_MS = 1000;
  const RENEW_CHECK_MS = 60000;
  // When nobody looks, and the least time between two loads of the page.
  const NIGHT_HOUR = 4;
  const NIGHTLY_MS = 12 * 3600000;
  const REPAIR_MS = 15 * 60000;
  // The map's script did not come: what kept it away is most often over soon.
  const MAP_REPAIR_MS = 3 * 60000;

  const asked = new URLSearchParams(window.location.search).get(PARAMETER);
  const turnSeconds = asked && /^\d{1,4}$/.test(asked) ? Number(asked) : TURN_S;

  /** Whether what is shown is of now, as far as the server says. */
  const isOfNow = () => app.freshness.told().isCurrent;

  /** The moment that comes next: a forecast only where there is one, and of data of now. */
  const nextMoment = () => {
    const isNow = page.moment.kind === "now";
    const canTell = isOfNow() && app.nowcast.told().kind === "ready";
    return isNow && canTell ? { kind: "ahead", minutes: LEAD_MINUTES } : app.moment.NOW;
  };

  const turn = () => {
    if (page.snapshot) app.moment.choose(nextMoment());
  };

  const build = () => {
    const bar = app.element("header", "wall-bar");
    const part = (name) => Object.assign(app.element("p", name), { id: name });
    bar.append(...["wall-moment", "wall-age", "wall-clock"].map(part));
    document.body.append(bar);
  };

  const momentText = (told) => {
    const { moment, texts } = page;
    if (!told.isCurrent) return texts.wall.old;
    if (moment.kind !== "ahead") return app.moment.words(moment);
    const duration = app.wording.quantity(moment.minutes, "minute");
    return app.wording.fill(texts.wall.ahead, { duration });
  };

  const ageText = ({ kind, isUnreachable, sentence, when, age }) => {
    const { wall: wording } = page.texts;
    if (isUnreachable && when) return app.wording.fill(wording.unreachable, { when, age });
    return kind === "demo" ? app.wording.fill(wording.demo, { age }) : sentence;
  };

  const write = () => {
    if (!page.texts) return;
    const told = app.freshness.told();
    // What is no longer of now is not called so, nor what follows from it a forecast.
    if (!told.isCurrent && page.moment.kind !== "now") app.moment.choose(app.moment.NOW);
    document.documentElement.classList.toggle("wall--old", !told.isCurrent);
    app.write({
      "wall-moment": {
        text: momentText(told),
        className: `wall-moment wall-moment--${page.moment.kind}`,
      },
      "wall-age": {
        text: ageText(told),
        className: `wall-age wall-age--${told.isUnreachable ? "silent" : told.kind}`,
      },
      "wall-clock": { text: app.wording.time(app.freshness.now()) },
    });
    // Whose data these are, which is behind a button elsewhere.
    document.querySelector(".map-attribution")?.setAttribute("open", "");
  };

  /** The names on the map as large as all other letters, which leaves room for fewer of them. */
  const enlargeNames = () => {
    const { driver, settings } = page;
    if (!driver?.map) return;
    const rem = parseFloat(window.getComputedStyle(document.documentElement).fontSize);
    settings.map.namesLayers.forEach((layer) => {
      const [, ...written] = driver.map.getLayoutProperty(layer, "text-size").slice(2);
      const sizes = written.filter((_, place) => place % 2 === 1);
      const factor = rem / Math.min(...sizes);
      const stops = written.map((value, place) => (place % 2 === 1 ? factor * value : value));
      driver.map.setLayoutProperty(layer, "text-size", ["interpolate", ["linear"], ["zoom"], ...stops]);
    });
  };

  /** Whether the page is loaded anew: at night, for what the server has of a newer version; where
      the server answers all but the refresh; and where there is no map for want of its script. */
  const isDue = (ageMs) => {
    // Nothing came yet: the server went away while the page was loaded.
    if (!page.texts) return ageMs > REPAIR_MS;
    if (app.mapStart.lacksScript() && ageMs > MAP_REPAIR_MS) return true;
    const { hour } = app.wording.weekHour(app.freshness.now());
    const isNight = hour === NIGHT_HOUR && ageMs > NIGHTLY_MS;
    return isNight || (app.freshness.told().isUnreachable && ageMs > REPAIR_MS);
  };

  const renew = async () => {
    if (!isDue(window.performance.now())) return;
    try {
      // A browser's own page of errors would stay for ever.
      const { ok } = await fetch(window.location.href, { cache: "no-store" });
      if (ok) window.location.reload();
    } catch {
      // Asked again in a minute.
    }
  };

  const stayAwake = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      await window.navigator.wakeLock?.request("screen");
    } catch {
      // The system says no, to save a battery.
    }
  };

  const start = () => {
    document.documentElement.classList.add("wall");
    build();
    stayAwake();
    document.addEventListener("visibilitychange", stayAwake);
    window.setInterval(write, TICK_MS);
    window.setInterval(turn, 1000 * Math.min(Math.max(turnSeconds, 1), LONGEST_TURN_S));
    window.setInterval(renew, RENEW_CHECK_MS);
    app.follow(["snapshot", "moment", "forecast"], write);
    app.follow(["driver"], enlargeNames);
  };

  app.wall = { isDue, nextMoment };
  app.isWall = asked !== null;
  if (app.isWall) start();
})();
