/* One road: its name and state beside the pointer, and all about it in the panel once it is clicked,
   tapped, read by Enter or chosen in a list. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const TAP_RADIUS_PX = 14;
  const KEYBOARD_RADIUS_PX = 40;

  const state = {
    // In the panel, and where it was clicked on the map; the network in which it has its place.
    road: null,
    place: null,
    network: null,
    // Under the pointer.
    pointedAt: null,
    // Version whose details were asked for, and what came: null columns when they are gone.
    asked: null,
    details: null,
    // The network whose stretches were asked for, and what came.
    askedStretches: null,
    stretches: null,
  };

  const middleOfMap = () => {
    const { clientWidth, clientHeight } = page.driver.canvas();
    return { x: clientWidth / 2, y: clientHeight / 2 };
  };

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
      .map((line) => app.element("p", "road-stretch", line));
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
      // The next road asks again.
      state.askedStretches = null;
    }
  };

  /** How fast the road usually is at this hour, once that is known; what may slow it now. */
  const usualLine = (road) => {
    const columns = state.details?.columns;
    const words = app.usual.speedOf(road.id, columns);
    if (!words) return [];
    const line = app.element("p", "road-usual", words);
    const cause = app.usual.isBusier(road.id, columns) && app.roadworks.causeOf(road);
    return cause ? [line, app.element("p", "road-cause", cause)] : [line];
  };

  /** What a forecast rests on. */
  const basisLine = ({ basis }) =>
    app.element("p", "road-usual", app.wording.basisNote(basis, page.texts));

  /** What the reliability is of which the facts tell. */
  const reliabilityLine = (code) =>
    code === 0 ? [] : [app.element("p", "road-usual", page.texts.road.reliability_definition)];

  /** Its state in words, as the map shows it: of now, or of the moment that is forecast. */
  const statusWords = (road, code) => {
    const { forecast, texts, settings } = page;
    return forecast
      ? app.forecastStatus(code, forecast.answer, road.id)
      : texts.status[settings.statuses[code]];
  };

  const chip = (road, code) =>
    app.roadLabel.chip(page.settings.statuses[code], statusWords(road, code));

  /** What the panel says of the road that was chosen. */
  const write = () => {
    const { road } = state;
    const title = stretchWords(road).way;
    const pending = app.mapForecast.pending();
    if (pending) {
      const why = app.element("p", "road-usual", pending);
      return { title, parts: [...stretchLines(road, page.forecast), why] };
    }
    const forecast = page.forecast?.answer;
    const { code } = app.trafficMap.shown(road.id);
    const facts = app.element("dl", "road-facts");
    const told = forecast ? app.forecastFacts(road, forecast, rewrite) : rows(road, code);
    told.forEach(([name, value]) => {
      facts.append(app.element("dt", "", name), app.element("dd", "", value));
    });
    const parts = [...stretchLines(road, forecast), chip(road, code), facts];
    parts.push(...(forecast ? [basisLine(forecast)] : usualLine(road)));
    if (!forecast) parts.push(...reliabilityLine(code), ...app.roadworks.partOf(road));
    const ahead = !forecast && app.nowcast.roadPart(road, rewrite);
    if (ahead) parts.push(ahead);
    parts.push(...app.roadCamera.part(road, rewrite));
    return { title, parts };
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

  function rewrite() {
    if (state.road) app.panel.rewrite();
  }

  const outline = () => page.driver?.highlight((state.pointedAt ?? state.road)?.id ?? null);

  const content = {
    write,
    closed: () => {
      Object.assign(state, { road: null, place: null });
      outline();
      app.change({ road: null });
    },
  };

  /** Show a road in the panel; `place` is where on the map it is looked at. */
  const choose = (road, place) => {
    const { code, isHidden } = app.trafficMap.shown(road.id);
    if (!app.mapForecast.pending() && (code === null || isHidden)) return;
    unpoint();
    Object.assign(state, { road, place, network: page.snapshot.network });
    app.panel.open(content);
    outline();
    loadDetails();
    loadStretches();
    if (place) page.driver.uncover(place);
    app.change({ road: road.properties.segment_id });
  };

  const close = () => {
    unpoint();
    app.panel.leave(content);
  };

  function unpoint() {
    state.pointedAt = null;
    app.roadLabel.hide();
    outline();
  }

  const hover = (road, point) => {
    if (!road || app.mapForecast.pending()) {
      unpoint();
      return;
    }
    if (state.pointedAt?.id === road.id && app.roadLabel.move(point)) return;
    state.pointedAt = road;
    const { code } = app.trafficMap.shown(road.id);
    const name = app.element("span", "road-label-name", stretchWords(road).way);
    app.roadLabel.say([name, chip(road, code)], point);
    outline();
  };

  const click = (point, lngLat, found) => {
    const isCoarse = window.matchMedia("(pointer: coarse)").matches;
    const sign = page.driver.roadworksAt(point, isCoarse ? TAP_RADIUS_PX : undefined);
    if (sign !== null) {
      app.roadworks.tell(sign);
      return;
    }
    const road = found || page.driver.roadAt(point, isCoarse ? TAP_RADIUS_PX : undefined);
    if (road) choose(road, lngLat);
    else close();
  };

  /** Enter on the map reads the road nearest to its centre. */
  const readCentre = () => {
    const point = middleOfMap();
    const road = page.driver.roadAt(point, KEYBOARD_RADIUS_PX);
    if (road) choose(road, page.driver.centre());
    else app.roadLabel.say([page.texts.road.nothing_here], point);
  };

  const middleOf = (geometry) => {
    const [line] = app.partsOf(geometry);
    return line[Math.floor(line.length / 2)];
  };

  /** Show a segment by its place in the network in the panel, and leave the map where it is. */
  const show = async (id) => {
    const features = await app.roads();
    choose({ id, properties: features[id].properties }, null);
  };

  /** Show a segment by its place in the network, on the map and in the panel. */
  const flyTo = async (id) => {
    const { driver } = page;
    const features = await app.roads();
    const { geometry, properties } = features[id];
    frame().scrollIntoView({ block: "nearest" });
    app.sheet.lower("half");
    choose({ id, properties }, null);
    await driver?.flyTo(middleOf(geometry));
  };

  /** Another network has come, where the place of the road is another one's: it is looked for anew. */
  const isMoved = () => {
    const { road, network } = state;
    if (!road || network === page.snapshot.network) return false;
    close();
    app.change({ road: road.properties.segment_id });
    return true;
  };

  /** The road that another part of the page, or its address, asks for. */
  const follow = async () => {
    const { road, snapshot, texts } = page;
    if (!snapshot || !road || isMoved() || road === state.road?.properties.segment_id) return;
    // Null while the roads cannot be had.
    const feature = await app.roadOf(road).catch(() => null);
    if (feature === null || page.road !== road || page.snapshot.network !== snapshot.network) return;
    if (feature) {
      choose({ id: feature.id, properties: feature.properties }, null);
    } else {
      app.change({ road: null });
      app.moment.say(texts.address_problem.road);
    }
  };

  const attach = () => {
    const { driver, texts } = page;
    if (!driver) return;
    driver.onPointer({ move: hover, leave: unpoint, click });
    const canvas = driver.canvas();
    canvas.setAttribute("aria-label", texts.map.label);
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter") readCentre();
    });
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && page.driver) unpoint();
  });

  /** After a refresh: what is open tells the new state of its road. */
  const update = () => {
    if (state.pointedAt) unpoint();
    if (!state.road || isMoved()) return;
    const { code, isHidden } = app.trafficMap.shown(state.road.id);
    if (!app.mapForecast.pending() && (code === null || isHidden)) {
      close();
      return;
    }
    rewrite();
    loadDetails();
  };

  /** Another page, or back: what was shown is gone with it, and is shown anew for the same road. */
  const forget = () => Object.assign(state, { road: null, place: null, pointedAt: null });

  app.follow(["frame"], forget);
  app.follow(["driver"], attach);
  app.follow(["road", "snapshot"], follow);
  app.roadCard = { update, rewrite, show, flyTo, close };
})();
