/* The address of what is shown: read when the page is loaded or come back to, kept as it changes,
   handed on by a button. Parts that it does not know, such as the language, stay as they are. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const KEEP_AFTER_MS = 300;
  const MAX_HOUR = 23;
  const PLACE_DECIMALS = 5;
  const ZOOM_DECIMALS = 2;
  const ZOOMS = [0, 22];
  const OWN = ["t", "zone", "view", "hide", "find", "road"];
  const ROADWORKS = "roadworks";
  const SLUGS = {
    freeFlow: "libre",
    heavy: "dense",
    congested: "bloque",
    impossible: "ferme",
    unknown: "inconnu",
    [ROADWORKS]: "travaux",
  };

  const state = {
    // The frame of the map that the address was read for: another one is another visit.
    frame: null,
    // The place and the road that the address asks for, until the network is there.
    find: null,
    road: null,
    // Where the map looks: [latitude, longitude, zoom]; null until it was moved.
    view: null,
    // Names of the problems with the address: one message tells all of them.
    problems: [],
    timer: null,
  };

  const nameOf = (entry, statuses) => (entry === ROADWORKS ? ROADWORKS : statuses[entry]);
  const entryOf = (slug, statuses) => {
    const name = Object.keys(SLUGS).find((one) => SLUGS[one] === slug);
    return name === ROADWORKS ? ROADWORKS : statuses.indexOf(name);
  };

  const isDate = (text) => {
    const at = Date.parse(text);
    return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
  };

  /** The moment of `30min` or `2026-11-30T18`; or the name of the problem with it. */
  const momentOf = (text, { coming, settings }) => {
    const [, lead] = /^(\d+)min$/.exec(text) ?? [];
    if (lead && settings.nowcast.leadMinutes.includes(Number(lead))) {
      return { kind: "ahead", minutes: Number(lead) };
    }
    const [, date, written] = /^(\d{4}-\d{2}-\d{2})T(\d{2})$/.exec(text) ?? [];
    const hour = Number(written);
    if (!date || !isDate(date) || hour > MAX_HOUR) return "t";
    if (date < coming.date) return "past";
    const days = Math.round((Date.parse(date) - Date.parse(coming.date)) / 86400000);
    const { days: names } = settings;
    if (days >= names.length) return "far";
    if (!app.wording.isOnClock({ date, hour })) return "t";
    const day = names[(names.indexOf(coming.today) + days) % names.length];
    return { kind: "hour", day, date, hour };
  };

  const viewOf = (text, { settings }) => {
    const parts = text.split(",");
    const view = parts.map(Number);
    const [latitude, longitude, zoom] = view;
    const [west, south, east, north] = settings.map.bounds;
    const isWithin = (value, from, to) => value >= from && value <= to;
    const isView =
      parts.length === 3 &&
      parts.every((part) => /^-?\d+(\.\d+)?$/.test(part)) &&
      isWithin(latitude, south, north) &&
      isWithin(longitude, west, east) &&
      isWithin(zoom, ...ZOOMS);
    return isView ? view : "view";
  };

  const hiddenOf = (text, { settings }) => {
    const entries = text.split(",").map((slug) => entryOf(slug, settings.statuses));
    return entries.includes(-1) ? "hide" : new Set(entries);
  };

  /** What an address asks for, as { moment, zone, find, road, view, hidden }, and the names of the
      problems with what makes no sense; the rest is honoured. */
  const read = (search, told) => {
    const asked = new URLSearchParams(search);
    const problems = [];
    const part = (name, find, otherwise) => {
      const text = asked.get(name);
      if (text === null || text === "") return otherwise;
      const found = find(text);
      if (!Object.hasOwn(told.problems, found)) return found;
      problems.push(found);
      return otherwise;
    };
    const { settings } = told;
    return {
      moment: part("t", (text) => momentOf(text, told), { kind: "now" }),
      zone: part("zone", (zone) => (settings.zones.includes(zone) ? zone : "zone"), null),
      view: part("view", (text) => viewOf(text, told), null),
      hidden: part("hide", (text) => hiddenOf(text, told), new Set()),
      // Whether there is such a place or road is known once the network is there.
      find: asked.get("find") || null,
      road: asked.get("road") || null,
      problems,
    };
  };

  const momentText = ({ kind, minutes, date, hour }) => {
    if (kind === "now") return "";
    return kind === "ahead" ? `${minutes}min` : `${date}T${String(hour).padStart(2, "0")}`;
  };

  const round = (value, decimals) => String(Number(value.toFixed(decimals)));

  const viewText = (view) => {
    if (!view) return "";
    const [latitude, longitude, zoom] = view;
    const place = [latitude, longitude].map((value) => round(value, PLACE_DECIMALS));
    return [...place, round(zoom, ZOOM_DECIMALS)].join(",");
  };

  /** The search part of the address of what is shown; what others put into it is kept. */
  const write = ({ moment, zone, find, road, view, hidden }, { settings }, before = "") => {
    const values = {
      t: momentText(moment),
      zone: zone ?? "",
      view: viewText(view),
      hide: [...settings.legendOrder, ROADWORKS]
        .filter((entry) => hidden.has(entry))
        .map((entry) => SLUGS[nameOf(entry, settings.statuses)])
        .join(","),
      find: find ?? "",
      road: road ?? "",
    };
    const own = OWN.filter((name) => values[name] !== "").map((name) => [name, values[name]]);
    const others = [...new URLSearchParams(before)].filter(([name]) => !OWN.includes(name));
    // Commas and the like stay readable.
    const parts = [...own, ...others].map(
      (pair) => pair.map((text) => encodeURIComponent(text).replaceAll("%2C", ",")).join("="),
    );
    return parts.length ? `?${parts.join("&")}` : "";
  };

  const isHere = () => Boolean(page.frame?.isConnected);

  const shown = () => {
    const { moment, zone, hidden, isLocated } = page;
    // Addresses are sent: with each load, and as where a request comes from.
    const view = isLocated ? null : state.view;
    const [find, road] = [state.find ?? page.place, state.road ?? page.road];
    return { moment, zone, hidden, find, road, view };
  };

  /** The address of what is shown, with some parts changed; from the root of the server. */
  const withChanges = (changes = {}) => {
    const { pathname, search } = window.location;
    return pathname + write({ ...shown(), ...changes }, page, isHere() ? search : "");
  };

  const keep = () => {
    // A wall turns by itself, and stays what its address says.
    if (!isHere() || !state.frame || app.isWall) return;
    const address = withChanges();
    const { pathname, search, hash } = window.location;
    if (address !== pathname + search) {
      window.history.replaceState(window.history.state, "", address + hash);
    }
    const link = (zone) => [`zone-${zone}`, { href: withChanges({ zone, view: null, find: null, road: null }) }];
    app.write(Object.fromEntries(page.settings.zones.map(link)));
  };

  const keepSoon = () => {
    window.clearTimeout(state.timer);
    state.timer = window.setTimeout(keep, KEEP_AFTER_MS);
  };

  const tellProblems = () => {
    const { address_problem: words } = page.texts;
    const { problems } = state;
    if (problems.length) app.moment.say(problems.map((name) => words[name]).join(" "));
  };

  /** What the address names is not there. */
  const missing = (problem) => {
    state.problems.push(problem);
    tellProblems();
    keepSoon();
  };

  /** The place of the address, once its network is there: the panel lists its roads. */
  const openPlace = async () => {
    const { find } = state;
    if (!find || !page.snapshot) return;
    // Null while the names cannot be had.
    const place = await app.find.placeOf(find).catch(() => null);
    if (place === null || state.find !== find) return;
    state.find = null;
    if (place) await app.foundPlace.open(place, { goesThere: !state.view });
    else missing("find");
  };

  /** The road of the address, once its network is there: the panel opens it. */
  const openRoad = async () => {
    const { road } = state;
    if (!road || !page.snapshot) return;
    // Null while the roads cannot be had.
    const feature = await app.roadOf(road).catch(() => null);
    if (feature === null || state.road !== road) return;
    state.road = null;
    if (!feature) {
      missing("road");
      return;
    }
    app.change({ road });
    // Without a view of its own the map goes to the road.
    if (!state.view && !page.zone) await app.roadCard.flyTo(feature.id);
  };

  /** A road is opened above the place that it was chosen from. */
  const openAsked = async () => {
    await openPlace();
    await openRoad();
  };

  /** What the address asks of the map, once that is there; where it looks from then on. */
  const turnMap = () => {
    const { driver, zone } = page;
    if (!driver || !state.frame) return;
    const home = viewText(driver.view());
    if (state.view) driver.turnTo(state.view);
    else if (zone) app.zoneOnMap.fit();
    openAsked();
    driver.onRest(() => {
      if (page.driver !== driver) return;
      const view = driver.view();
      state.view = viewText(view) === home ? null : view;
      keepSoon();
    });
  };

  /** Read the address at each visit of the map's page; to be called with each answer. */
  const follow = () => {
    const { frame } = page;
    if (!frame || frame === state.frame) return;
    state.frame = frame;
    const { problems, ...asked } = read(window.location.search, {
      ...page,
      problems: page.texts.address_problem,
    });
    Object.assign(state, { view: asked.view, find: asked.find, road: asked.road, problems });
    if (page.place) app.foundPlace.leave();
    app.change({ zone: asked.zone, road: null, hidden: asked.hidden });
    app.moment.choose(asked.moment);
    tellProblems();
    if (page.driver) turnMap();
    keepSoon();
  };

  const share = async () => {
    const { texts } = page;
    keep();
    const url = window.location.href;
    try {
      if (window.navigator.share) {
        await window.navigator.share({ title: document.title, url });
      } else {
        await window.navigator.clipboard.writeText(url);
        app.moment.say(texts.moment.shared);
      }
    } catch (error) {
      // Whoever closes the dialog has changed their mind.
      if (error.name === "AbortError") return;
      app.moment.say(app.wording.fill(texts.moment.not_shared, { address: url }));
    }
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("#share")) share();
    const link = event.target.closest("a[data-zone]");
    const isPlain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !isPlain) return;
    event.preventDefault();
    app.moment.chooseZone(link.dataset.zone);
  });

  app.follow(["moment", "zone", "place", "road", "hidden"], keepSoon);
  /** Back or forward, on the page of the map. */
  const readAgain = () => {
    if (!isHere() || !page.coming) return;
    state.frame = null;
    follow();
  };

  app.follow(["address"], readAgain);
  // At once: before anything is asked for from there.
  app.follow(["isLocated"], keep);
  app.follow(["driver"], turnMap);
  // Where no map will be there, nothing waits for it.
  app.follow(["snapshot"], () => {
    if (page.driver || !app.mapStart.canDraw()) openAsked();
  });
  app.address = { follow, read, write };
})();
