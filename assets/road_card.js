/* The card of one road: on hover, tap, Enter or from the list of the worst; Escape closes it. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const TAP_RADIUS_PX = 14;
  const KEYBOARD_RADIUS_PX = 40;
  const GAP_PX = 14;
  const EDGE_PX = 8;

  const state = {
    road: null,
    isPinned: false,
    place: null,
    point: null,
    // Version whose details were asked for, and what came: null columns when they are gone.
    asked: null,
    details: null,
    // The network whose stretches were asked for, and what came.
    askedStretches: null,
    stretches: null,
    returnFocusTo: null,
  };

  const middleOfMap = () => {
    const { clientWidth, clientHeight } = page.driver.canvas();
    return { x: clientWidth / 2, y: clientHeight / 2 };
  };

  const card = () => document.getElementById("road-card");
  const frame = () => document.getElementById("map-frame");

  /** What the details say of a road: a value, or why there is none. */
  const measured = (name, id, write) => {
    const { road: wording } = page.texts;
    if (!state.details) return wording.loading;
    if (!state.details.columns) return wording.outdated;
    const value = state.details.columns[name][id];
    return value === null ? wording.not_measured : write(value);
  };

  const rows = (road, code) => {
    const { snapshot, texts } = page;
    const { road: wording } = texts;
    const { number, percent, speed, when } = app.wording;
    const limit = speed(road.properties.speed_limit_kmh);
    const seenWhen = when(snapshot.observed_at, app.freshness.now(), texts);
    const observed = [wording.observed, seenWhen];
    // Where nothing was measured, the feed's speed is filler: it is not shown.
    if (code === 0) return [[wording.speed, wording.not_measured], [wording.limit, limit], observed];
    return [
      [wording.speed, measured("speed_kmh", road.id, speed)],
      [wording.limit, limit],
      [wording.reliability, measured("reliability_pct", road.id, percent)],
      [wording.probes, measured("probes", road.id, number)],
      observed,
    ];
  };

  /** What the stretch of a road is called; the road's own name until the stretches have come. */
  const stretchWords = ({ id, properties }) => {
    const { texts } = page;
    const { stretches } = state;
    if (!properties.name) return { way: texts.road.no_name };
    if (!stretches) return { way: properties.name };
    return app.wording.stretch(stretches.stretches[stretches.of[id]], texts);
  };

  /** What the stretch of a road costs, where it is one of the worst. */
  const delayOfStretch = ({ id }) => {
    const { of = [] } = state.stretches || {};
    const worst = page.snapshot.worst.find(([segment]) => of[segment] === of[id]);
    if (!worst || of.length === 0) return "";
    const { fill, duration, speed } = app.wording;
    const [, delaySeconds, , kmh] = worst;
    return fill(page.texts.road.delay, { delay: duration(delaySeconds), speed: speed(kmh) });
  };

  /** From where to where the stretch of a road leads, and what it costs now. */
  const stretchLines = (road, forecast) => {
    const { ends, length } = stretchWords(road);
    const fromTo = [ends, length].filter(Boolean).join(", ");
    return [fromTo, forecast ? "" : delayOfStretch(road)]
      .filter(Boolean)
      .map((line) => app.element("p", "road-card-stretch", line));
  };

  /** Fetch the stretches of the network shown, the first time somebody asks. */
  const loadStretches = async () => {
    const { network } = page.snapshot;
    if (state.askedStretches === network) return;
    Object.assign(state, { askedStretches: network, stretches: null });
    try {
      const found = await app.networkStretches(network, page.settings.map.stretchesUrl);
      if (state.askedStretches !== network) return;
      state.stretches = found;
      rewrite();
    } catch {
      // The next card asks again.
      state.askedStretches = null;
    }
  };

  /** How fast the road usually is at this hour, once that is known; what may slow it now. */
  const usualLine = (road) => {
    const columns = state.details?.columns;
    const words = app.usual.speedOf(road.id, columns);
    if (!words) return [];
    const line = app.element("p", "road-card-usual", words);
    const cause = app.usual.isBusier(road.id, columns) && app.roadworks.causeOf(road);
    return cause ? [line, app.element("p", "road-card-cause", cause)] : [line];
  };

  /** What a forecast rests on. */
  const basisLine = ({ basis }) =>
    app.element("p", "road-card-usual", app.wording.basisNote(basis, page.texts));

  const closeButton = () => {
    const button = app.element("button", "road-card-close", "×");
    button.type = "button";
    button.setAttribute("aria-label", page.texts.road.close);
    button.addEventListener("click", close);
    return button;
  };

  /** Write it again where it is: it may have grown. */
  const rewrite = () => {
    if (!state.road) return;
    write();
    if (state.road) place(state.place ? page.driver.project(state.place) : state.point);
  };

  const write = () => {
    const { road } = state;
    const { texts, settings } = page;
    const forecast = page.forecast?.answer;
    const { code, isHidden } = app.trafficMap.shown(road.id);
    if (code === null || isHidden) {
      close();
      return;
    }
    const status = settings.statuses[code];
    const facts = app.element("dl", "road-card-facts");
    const told = forecast ? app.forecastFacts(road, forecast, rewrite) : rows(road, code);
    told.forEach(([name, value]) => {
      facts.append(app.element("dt", "", name), app.element("dd", "", value));
    });
    const title = app.element("p", "road-card-name", stretchWords(road).way);
    const chip = app.element("p", "road-card-status");
    const words = forecast ? app.forecastStatus(code, forecast, road.id) : texts.status[status];
    chip.append(app.element("span", `line-sample line-sample--${status}`), words);
    const content = [title, ...stretchLines(road, forecast), chip, facts];
    content.push(...(forecast ? [basisLine(forecast)] : usualLine(road)));
    if (!forecast) content.push(...app.roadworks.partOf(road));
    const ahead = !forecast && app.nowcast.roadPart(road, rewrite);
    if (ahead) content.push(ahead);
    if (state.isPinned) {
      content.push(...app.roadCamera.part(road, rewrite));
      content.unshift(closeButton());
    }
    card().replaceChildren(...content);
  };

  /** Beside the pointer or the road, inside the frame; narrow screens dock it by CSS. */
  const place = (point) => {
    if (!point) return;
    const box = card();
    const room = frame();
    const fits = (start, size, total) => start + GAP_PX + size <= total - EDGE_PX;
    const put = (start, size, total) =>
      Math.max(EDGE_PX, fits(start, size, total) ? start + GAP_PX : start - GAP_PX - size);
    box.style.left = `${put(point.x, box.offsetWidth, room.clientWidth)}px`;
    box.style.top = `${put(point.y, box.offsetHeight, room.clientHeight)}px`;
  };

  /** Fetch the details of the snapshot shown, the first time somebody asks. */
  const loadDetails = async () => {
    const { version } = page.snapshot;
    if (page.forecast || state.asked === version) return;
    Object.assign(state, { asked: version, details: null });
    let columns = null;
    try {
      columns = await app.fetchJson(app.addressOf(page.settings.map.detailsUrl, version));
    } catch {
      // The server already has a newer snapshot; the next refresh brings it here.
    }
    if (state.asked !== version) return;
    state.details = { columns };
    rewrite();
  };

  const open = (road, point, { isPinned = false, place: lngLat = null } = {}) => {
    const isOther = state.road?.id !== road.id || state.isPinned !== isPinned;
    Object.assign(state, { road, isPinned, place: lngLat, point });
    const box = card();
    box.hidden = false;
    box.classList.toggle("road-card--pinned", isPinned);
    if (isOther) write();
    if (box.hidden) return;
    place(point);
    page.driver.highlight(road.id);
    loadDetails();
    loadStretches();
  };

  function close() {
    const hadFocus = card().contains(document.activeElement);
    Object.assign(state, { road: null, isPinned: false, place: null });
    card().hidden = true;
    card().replaceChildren();
    if (page.driver) page.driver.highlight(null);
    if (hadFocus) (state.returnFocusTo || page.driver.canvas()).focus();
    state.returnFocusTo = null;
  }

  const hover = (road, point) => {
    if (state.isPinned) return;
    if (road) open(road, point);
    else if (state.road) close();
  };

  const leave = () => {
    if (!state.isPinned && state.road) close();
  };

  const click = (point, lngLat, found) => {
    const isCoarse = window.matchMedia("(pointer: coarse)").matches;
    const sign = page.driver.roadworksAt(point, isCoarse ? TAP_RADIUS_PX : undefined);
    if (sign !== null) {
      app.roadworks.tell(sign, [lngLat.lng, lngLat.lat]);
      return;
    }
    const road = found || page.driver.roadAt(point, isCoarse ? TAP_RADIUS_PX : undefined);
    if (road) open(road, point, { isPinned: true, place: lngLat });
    else if (!card().hidden) close();
  };

  /** Enter on the map reads the road nearest to its centre. */
  const readCentre = () => {
    const point = middleOfMap();
    const road = page.driver.roadAt(point, KEYBOARD_RADIUS_PX);
    if (road) {
      open(road, point, { isPinned: true, place: page.driver.centre() });
      return;
    }
    const box = card();
    Object.assign(state, { road: null, isPinned: false });
    box.replaceChildren(app.element("p", "road-card-name", page.texts.road.nothing_here));
    box.hidden = false;
    place(point);
  };

  /** Something else than a road, at a place: its card stays there until it is closed. */
  const tell = (content, lngLat) => {
    close();
    const box = card();
    box.replaceChildren(closeButton(), ...content);
    Object.assign(state, { isPinned: true, place: lngLat });
    box.hidden = false;
    box.classList.add("road-card--pinned");
    place(page.driver.project(lngLat));
  };

  const middleOf = (geometry) => {
    const [line] = app.partsOf(geometry);
    return line[Math.floor(line.length / 2)];
  };

  /** Show a segment by its place in the network, with its card. */
  const flyTo = async (id) => {
    const { driver, settings, snapshot } = page;
    const button = document.activeElement;
    const features = await app.networkFeatures(snapshot.network, settings.map.networkUrl);
    const feature = features[id];
    const middle = middleOf(feature.geometry);
    close();
    frame().scrollIntoView({ block: "nearest" });
    await driver.flyTo(middle);
    const point = driver.project(middle) || middleOfMap();
    open({ id, properties: feature.properties }, point, { isPinned: true, place: middle });
    state.returnFocusTo = button;
  };

  const attach = () => {
    const { driver, texts } = page;
    driver.onPointer({ move: hover, leave, click });
    driver.onMove(() => {
      if (state.place) place(driver.project(state.place));
    });
    const canvas = driver.canvas();
    canvas.setAttribute("aria-label", texts.map.label);
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter") readCentre();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !card().hidden) close();
    });
  };

  /** After a refresh: the card that is open tells the new state of its road. */
  const update = () => {
    if (!state.road) return;
    write();
    if (state.road) loadDetails();
  };

  app.follow(["driver"], attach);
  app.roadCard = { update, rewrite, flyTo, tell, close };
})();
