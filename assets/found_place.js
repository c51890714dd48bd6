/* A place that was found by its name or by the visitor's position: outlined on the map, which goes
   there, and told of in the panel. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  // Less of a stretch is not worth a word.
  const TOLD_SHARE = 0.1;
  // What is told in kilometres of one decimal.
  const SHORTEST_M = 100;
  // Of the stretches near a place, those that the map shows with it.
  const IN_VIEW = 3;

  const state = {
    // The place that the panel lists stretches of, and which.
    place: null,
    codes: [],
    // The network that what was found last is of, and its documents.
    network: null,
    stretches: null,
    features: null,
    // The road that was found last: its segments, and the id of the one that the panel tells of.
    road: { id: null, segments: [] },
  };

  const statusAt = (segment) => app.trafficMap.shown(segment).code;

  const documents = async () => {
    const { network } = page.snapshot;
    const [features, stretches] = await Promise.all([
      app.roads(),
      app.networkStretches(network, page.settings.map.stretchesUrl),
    ]);
    return { features, stretches, network };
  };

  const segmentsOf = (code) =>
    state.stretches.of.flatMap((stretch, segment) => (stretch === code ? [segment] : []));

  /** The worst that is worth a word of some segments, with its length: from closed to free. */
  const stateWords = (segments) => {
    const { texts, settings } = page;
    const metres = app.places.metresByStatus(segments, state.features, statusAt);
    const total = [...metres.values()].reduce((sum, length) => sum + length, 0);
    const code = settings.legendOrder
      .filter((one) => settings.statuses[one] !== "unknown")
      .findLast((one) => (metres.get(one) ?? 0) > TOLD_SHARE * total);
    const names = page.forecast ? texts.forecast_status : texts.status;
    const status = settings.statuses[code ?? settings.statuses.indexOf("unknown")];
    if (code === undefined || metres.get(code) > (1 - TOLD_SHARE) * total) {
      return { status, words: names[status] };
    }
    const length = app.wording.kilometres(Math.max(SHORTEST_M, metres.get(code)));
    return { status, words: app.wording.fill(texts.find.state, { status: names[status], length }) };
  };

  const stretchItem = (code) => {
    const segments = segmentsOf(code);
    const { way, ends, length } = app.wording.stretch(state.stretches.stretches[code], page.texts);
    const { status, words } = stateWords(segments);
    const button = app.element("button", "found-stretch");
    button.type = "button";
    const told = app.element("span", "road-status");
    told.append(app.element("span", `line-sample line-sample--${status}`), words);
    button.append(
      app.element("span", "found-name", way),
      app.element("span", "found-ends", [ends, length].filter(Boolean).join(", ")),
      told,
    );
    button.addEventListener("click", () => openRoad(segments));
    const item = app.element("li");
    item.append(button);
    return item;
  };

  const titleOf = ({ kind, name }) => {
    if (kind === "corridor") return "along";
    return app.places.meeting(name, state.stretches).length ? "meeting" : "nearest";
  };

  const listPart = () => {
    const { find: words } = page.texts;
    if (state.codes.length === 0) {
      const distance = app.wording.kilometres(app.places.NEAR_M);
      return [app.element("p", "muted", app.wording.fill(words.nothing_near, { distance }))];
    }
    const list = app.element("ol", "found-stretches");
    list.append(...state.codes.map(stretchItem));
    return [app.element("h3", "found-title", words[titleOf(state.place)]), list];
  };

  const write = () => {
    const { name, notes = [] } = state.place;
    const told = app.places.kindWords(state.place, page.texts);
    const lines = [told, ...notes].filter(Boolean).map((text) => app.element("p", "muted", text));
    return { title: name, parts: [...lines, ...listPart()] };
  };

  const content = {
    ground: true,
    write,
    closed: () => {
      state.place?.closed?.();
      state.place = null;
      outline();
    },
  };

  /** Have the map outline what was found, in the place of a zone, while the panel tells of it. */
  const outline = () => {
    const { place, road } = state;
    const found = page.road !== null && page.road === road.id ? road.segments : place?.segments;
    app.change({ found: found?.length ? found : null, place: place?.key ?? null });
  };

  const goTo = (features) => {
    if (features.length) page.driver?.fit(app.zoneOnMap.boundsOf(features));
  };

  const isMeasured = (segment) => page.settings.statuses[statusAt(segment)] !== "unknown";

  /** The segment that stands for some: the longest of the status that most of them have; of those
      that the legend shows, and of those that are measured, if there are any. */
  const representative = (segments, features) => {
    const orAll = (some, all) => (some.length ? some : all);
    const shown = orAll(segments.filter((segment) => !app.trafficMap.shown(segment).isHidden), segments);
    const among = orAll(shown.filter(isMeasured), shown);
    const metres = (some) => app.places.metresByStatus(some, features, statusAt);
    const [[status]] = [...metres(among)].toSorted(([, one], [, other]) => other - one);
    const length = (segment) => metres([segment]).get(status);
    return among
      .filter((segment) => statusAt(segment) === status)
      .reduce((best, segment) => (length(segment) > length(best) ? segment : best));
  };

  /** A road or stretch: the card of the segment that stands for it, all of it outlined. */
  const openRoad = async (segments) => {
    const { features, network } = await documents();
    const id = representative(segments, features);
    const { code, isHidden } = app.trafficMap.shown(id);
    if (isHidden) app.trafficMap.toggle(code);
    Object.assign(state, { network, road: { id: features[id].properties.segment_id, segments } });
    await app.roadCard.show(id);
    goTo(segments.map((segment) => features[segment]));
  };

  const middleOf = (features) => {
    const [west, south, east, north] = app.zoneOnMap.boundsOf(features);
    return [(west + east) / 2, (south + north) / 2];
  };

  /** The roads that are looked at with a place of no road of its own. */
  const nearestRoads = () =>
    state.codes
      .slice(0, IN_VIEW)
      .flatMap(segmentsOf)
      .map((segment) => state.features[segment]);

  /** Have the map show a place in its middle, and the nearest roads. */
  const goAround = ([lon, lat]) => {
    const roads = nearestRoads();
    const [west, south, east, north] = roads.length
      ? app.zoneOnMap.boundsOf(roads)
      : [lon, lat, lon, lat];
    const [wide, high] = [Math.max(lon - west, east - lon), Math.max(lat - south, north - lat)];
    page.driver?.fit([lon - wide, lat - high, lon + wide, lat + high]);
  };

  /** A place that is no road: what is near it or along it, as a list. */
  const openList = async (place, goesThere) => {
    const { features, stretches, network } = await documents();
    const segments = place.segments ?? [];
    const its = segments.map((segment) => features[segment]);
    const point = place.point ?? middleOf(its);
    const codes = app.places.stretchesOf(place, point, stretches, features);
    Object.assign(state, { place, codes, features, stretches, network });
    app.panel.open(content);
    outline();
    if (!goesThere) return;
    if (place.point) goAround(point);
    else goTo(its);
  };

  /** Show a place of `app.places`; the map goes there unless it is told to stay. */
  const open = async (place, { goesThere = true } = {}) => {
    document.getElementById("map-frame").scrollIntoView({ block: "nearest" });
    if (place.kind === "zone") app.moment.chooseZone(place.zone);
    else if (place.kind === "road" || place.kind === "stretch") await openRoad(place.segments);
    else await openList(place, goesThere);
  };

  /** Leave the place that the panel lists roads of. */
  const leave = () => {
    app.panel.leave(content);
    forget();
  };

  /** Another network has come, with other roads at its places: what was found is looked for anew. */
  const findAnew = async () => {
    const { place } = state;
    const { network } = page.snapshot;
    Object.assign(state, { network, road: { id: null, segments: [] } });
    outline();
    if (!place) return;
    try {
      const found = place.key ? await app.find.placeOf(place.key) : place;
      if (state.place !== place || page.snapshot.network !== network) return;
      if (found) {
        await openList(found, false);
        return;
      }
      leave();
      app.moment.say(page.texts.address_problem.find);
    } catch {
      // The server is away, which the page says elsewhere.
    }
  };

  const update = () => {
    if (page.snapshot && state.network && page.snapshot.network !== state.network) findAnew();
    else if (state.place) app.panel.rewrite();
  };

  /** The panel of a page that was left is gone, and with it what it told. */
  const forget = () => {
    state.place = null;
    outline();
  };

  app.follow(["frame"], forget);
  app.follow(["forecast", "snapshot"], update);
  app.follow(["road"], outline);
  app.foundPlace = { leave, open };
})();
