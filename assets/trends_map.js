/* A stored day on the map: the statuses of the time that the page looks at (assets/trends_cursor.js), and
   the name of the road that is pointed at, here or in another view. It draws as the map's page does. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const BY = "map";
  const CLOSE_RADIUS_PX = 14;
  const NO_MAP = { unavailable: "map_unavailable", not_loaded: "map_not_loaded" };
  const BUTTONS = { "zoom-in": 1, "zoom-out": -1 };

  const state = {
    // The settings of the map on the page; another one each time it is made anew.
    settings: null,
    driver: null,
    network: null,
    day: null,
    epochS: null,
    // Place of the frame on the screen, and its codes.
    place: null,
    codes: null,
    // The road that is pointed at, and where on the map its name stands.
    road: null,
    at: null,
  };

  /** The roads of the network on the map. */
  const features = () =>
    app.networkFeatures(state.network, state.settings.networkUrl).catch(() => []);

  const nameOf = ({ name }) =>
    name ? app.wording.localName(name, page.texts) : page.texts.road.no_name;

  /** What is said of a road at the time looked at. */
  const labelOf = ({ id, properties }) => {
    const { texts, settings } = page;
    const { fill, time } = app.wording;
    const status = settings.statuses[state.codes?.[id] ?? 0];
    const words =
      state.epochS === null
        ? texts.status[status]
        : fill(texts.replay.road_at, { status: texts.status[status], time: time(state.epochS) });
    return [
      app.element("span", "road-label-name", nameOf(properties)),
      app.roadLabel.chip(status, words),
    ];
  };

  const unpoint = () => {
    state.road = null;
    state.driver?.highlight(null);
    app.roadLabel.hide();
  };

  const point = (road, at) => {
    Object.assign(state, { road, at });
    state.driver.highlight(road.id);
    app.roadLabel.say(labelOf(road), at);
  };

  const draw = async (network, codes) => {
    Object.assign(state, { network, codes });
    try {
      await state.driver.paint({ network }, codes);
    } catch (error) {
      console.error("the map could not be painted:", error);
    }
  };

  /** Show the frame of the time looked at, unless it is on the screen. */
  const paint = () => {
    const { driver, day, epochS, road, at } = state;
    if (!driver || !day) return;
    const place = day.placeAt(epochS ?? day.start);
    if (place === state.place) return;
    state.place = place;
    draw(day.network, day.codesAt(place));
    if (road) point(road, at);
  };

  const hover = (road, at) => {
    if (!road) {
      unpoint();
      return;
    }
    point(road, at);
    app.trendsCursor.tellCell(road.id, state.epochS, BY);
  };

  /** A tap reads a road; on the map itself, Enter does so for the one in the middle. */
  const read = (at) => hover(state.driver.roadAt(at, CLOSE_RADIUS_PX), at);

  const readCentre = () => {
    const { clientWidth, clientHeight } = state.driver.canvas();
    read({ x: clientWidth / 2, y: clientHeight / 2 });
  };

  const middleOf = ({ geometry }) => {
    const [line] = app.partsOf(geometry);
    return line[Math.floor(line.length / 2)];
  };

  /** Another view points at a road. */
  const showCell = async ({ segment, epoch_s: epochS }) => {
    if (epochS !== null) {
      look(epochS);
      // Who has no roads follows in time.
      app.trendsCursor.tellTime(epochS, BY);
    }
    const { driver } = state;
    if (!driver) return;
    if (segment === null) {
      unpoint();
      return;
    }
    const road = (await features())[segment];
    if (!road || driver !== state.driver) return;
    const place = middleOf(road);
    if (!driver.isInView(place)) driver.turnTo([place[1], place[0], driver.view()[2]]);
    const at = driver.project(place);
    if (at) point({ id: segment, properties: road.properties }, at);
  };

  function look(epochS) {
    state.epochS = epochS;
    paint();
    if (state.day) tellTime(state.day, epochS);
  }

  const attach = (driver) => {
    driver.onPointer({ move: hover, leave: unpoint, click: (at) => read(at) });
    const canvas = driver.canvas();
    canvas.setAttribute("aria-label", page.texts.map.label);
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter") readCentre();
    });
  };

  /** Buttons of the map, whichever is on the page. */
  document.addEventListener("click", ({ target }) => {
    const { driver } = state;
    const id = target.closest?.(".map-button")?.id;
    if (!driver || !id) return;
    if (id in BUTTONS) driver.zoomBy(BUTTONS[id]);
    else driver.fitWhole();
  });

  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && state.road) unpoint();
  });

  const endDriver = () => {
    if (state.driver) app.mapStart.end(state.driver);
    Object.assign(state, { driver: null, place: null, codes: null, road: null });
  };

  /** Roads of which nothing is known are there all the same, until a day is. */
  const drawUnknown = async () => {
    const { driver, network } = state;
    if (!network) return;
    const roads = await features();
    if (driver === state.driver && !state.day) draw(network, new Uint8Array(roads.length));
  };

  /** A map has come with the page's content: start to draw on it. */
  const start = async (settings) => {
    endDriver();
    Object.assign(state, { settings, network: settings.network });
    const driver = await app.mapStart.start(settings, () => settings === state.settings);
    if (settings !== state.settings) return;
    if (!driver) {
      const text = page.texts.replay[NO_MAP[app.mapStart.why()]];
      app.write({ "map-unavailable": { hidden: false, text } });
      return;
    }
    state.driver = driver;
    attach(driver);
    if (state.day) paint();
    else drawUnknown();
  };

  /** Show a day, as assets/trends_replay_codec.js reads it; null for none. */
  const show = (day) => {
    const { driver, network, codes } = state;
    Object.assign(state, { day, place: null });
    unpoint();
    // Nothing of the day before stays under the name of another one.
    if (driver && codes && !day) draw(network, new Uint8Array(codes.length));
    paint();
  };

  /** Which day this is, and that it is not now. */
  const titleOf = (day, today) => {
    const { calendarDay, fill } = app.wording;
    const named = calendarDay(day, today, page.texts, { weekday: "long" });
    return fill(page.texts.replay.title, { day: named });
  };

  /** The time of a day at which its congestion was at its worst. */
  const worstOf = ({ levels, times, start: midnight }) => {
    const known = levels.map((level, place) => [level ?? -1, times[place]]);
    return known.reduce((most, one) => (one[0] > most[0] ? one : most), [-1, midnight])[1];
  };

  const tellTime = (day, epochS) => {
    if (!document.getElementById("day-map-time")) return;
    const place = day.placeAt(epochS);
    const gap = day.isGap(place) ? page.texts.replay.no_data : "";
    app.write({
      "day-map-time": { text: app.wording.time(epochS) },
      "day-map-note": { text: gap },
    });
  };

  /** A map beside another view has come to the page: it shows the day at its worst until a time is
      pointed at. */
  const startBeside = async ({ map, texts, ...settings }) => {
    Object.assign(page, { settings, texts });
    show(null);
    start(map);
    const { day: asked, today, dayUrl } = settings;
    app.write({ "day-map-title": { text: asked ? titleOf(asked, today) : texts.replay.no_one_day } });
    if (!asked) return true;
    const isWanted = () => settings === page.settings;
    try {
      const day = await app.storedDay.load(dayUrl.replace("{day}", asked), isWanted);
      if (!day) return true;
      state.epochS = worstOf(day);
      show(day);
      tellTime(day, state.epochS);
    } catch (error) {
      if (isWanted()) app.write({ "day-map-note": { text: app.storedDay.why(error, texts.replay) } });
    }
    return true;
  };

  window.dash_clientside.traffic.startDayMap = startBeside;
  app.trendsCursor.onTime(BY, ({ epoch_s: epochS }) => look(epochS));
  app.trendsCursor.onCell(BY, showCell);
  app.trendsMap = { show, start, titleOf };
})();
