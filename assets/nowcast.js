/* The next hour: the card of the zones, and that of a road. What it shows comes in documents of
   their own, once per snapshot; a refresh carries nothing of it. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  // As services/forecast/nowcasts.py: what is older speaks of the past.
  const CURRENT_FOR_S = 900;
  const AGE_CHECK_MS = 20000;
  const QUANTILES = 3;
  // Of a cell.
  const PARTS = ["status", "lost", "band"];

  const state = {
    // The version of the snapshot that the answer was asked for.
    answeredFor: null,
    isAsking: false,
    // The version whose roads were asked for.
    roadsAskedFor: null,
  };

  const whenOf = (minutes) =>
    app.wording.fill(page.texts.nowcast.lead_spoken, {
      duration: app.wording.quantity(minutes, "minute", "long"),
    });

  const cellOf = (id, kind, { title, status, lost = "", band = "" }) => ({
    [id]: { className: `nowcast-cell nowcast-cell--${kind}`, title },
    [`${id}-status`]: { text: status },
    [`${id}-lost`]: { text: lost },
    [`${id}-band`]: { text: band },
  });

  const blank = (id, title, status) => cellOf(id, "unknown", { title, status });

  /** As a tile says it. */
  const lostOf = (delay) => app.wording.fill(page.texts.zones_now.lost, { delay });

  /** The cell of a zone as it is now, from the snapshot. */
  const nowCell = (zone, now) => {
    const { texts } = page;
    const id = `nowcast-${zone}-now`;
    const name = texts.zone[zone];
    // In the tile's own word.
    if (!now) {
      const told = app.wording.fill(texts.zones_now.explanation_unknown, { zone: name });
      return blank(id, told, texts.zone_status.unknown);
    }
    const [kind, , minutes] = now;
    const [status, delay] = [texts.zone_status[kind], app.wording.quantity(minutes, "minute")];
    const title = app.wording.fill(texts.nowcast.explanation_now, { zone: name, status, delay });
    return cellOf(id, kind, { title, status, lost: lostOf(delay) });
  };

  /** The cell of a zone at a lead time; `none` is said where there is no forecast. */
  const leadCell = (zone, minutes, lead, none) => {
    const { texts } = page;
    const { fill, number, quantity, chance } = app.wording;
    const id = `nowcast-${zone}-${minutes}`;
    const place = { zone: texts.zone[zone], when: whenOf(minutes) };
    if (!lead) return blank(id, fill(texts.nowcast.explanation_unknown, place), none);
    const [kind, probability, ...minutesLost] = lead;
    const status = texts.zone_status[kind];
    const [delay, least, most] = minutesLost.map((lost) => quantity(lost, "minute"));
    const isFirm = app.wording.isFirm(100 * probability);
    const title = fill(texts.nowcast.explanation, {
      ...place,
      status: isFirm ? status : texts.zone_status_leaning[kind],
      percent: chance(probability, texts),
      delay,
      low: least,
      high: most,
    });
    // The unit stands right above it: twice would not fit a phone.
    const [, low, high] = minutesLost.map((lost) => number(lost));
    const band = fill(texts.nowcast.band, { low, high });
    const lost = lostOf(delay);
    return cellOf(id, isFirm ? kind : `${kind} nowcast-cell--leaning`, { title, status, lost, band });
  };

  const isOld = (answer) => app.freshness.now() - answer.observed_at > CURRENT_FOR_S;

  const kindOf = (answer) => {
    if (!answer) return "waiting";
    return answer.state === "ready" && isOld(answer) ? "outdated" : answer.state;
  };

  /** What the note below the table says: where the figures come from, or why there are none. */
  const noteOf = (kind, answer) => {
    const { nowcast: wording } = page.texts;
    if (kind !== "ready") return wording[kind];
    const { fill, time, basisNote } = app.wording;
    const basis = basisNote(answer.basis, page.texts);
    return fill(wording.note, { time: time(answer.observed_at), basis });
  };

  /** Give a cell its places for figures, once. */
  const furnish = (id) => {
    const cell = document.getElementById(id);
    if (cell.childElementCount > 0) return;
    const places = PARTS.map((part) => {
      const place = app.element("span", `nowcast-${part}`);
      place.id = `${id}-${part}`;
      return place;
    });
    cell.replaceChildren(...places);
  };

  const write = () => {
    const { nextHour: answer, settings, snapshot, texts } = page;
    // The page that shows it may not be the one that is open.
    if (!snapshot || !document.getElementById("nowcast-note")) return;
    const columns = ["now", ...settings.nowcast.leadMinutes];
    settings.zones.forEach((zone) =>
      columns.forEach((column) => furnish(`nowcast-${zone}-${column}`)),
    );
    const kind = kindOf(answer);
    const cells = settings.zones.flatMap((zone, place) => [
      nowCell(zone, snapshot.zones[place]),
      ...settings.nowcast.leadMinutes.map((minutes, lead) =>
        kind === "ready"
          ? leadCell(zone, minutes, answer.zones[place]?.[lead], texts.zone_status.unknown)
          : leadCell(zone, minutes, null, texts.glance.no_value),
      ),
    ]);
    const note = { "nowcast-note": { text: noteOf(kind, answer) } };
    app.write(Object.assign(note, ...cells));
  };

  /** Whether the nowcast of the snapshot shown is still to come. */
  const isDue = () => {
    const { answeredFor } = state;
    const { nextHour: answer, snapshot } = page;
    if (!snapshot) return false;
    if (answeredFor !== snapshot.version) return true;
    return answer.state === "waiting" || (answer.state === "ready" && answer.version !== answeredFor);
  };

  const ask = async () => {
    if (state.isAsking || !isDue()) return;
    state.isAsking = true;
    const { version } = page.snapshot;
    const told = page.nextHour?.version;
    try {
      const answer = await app.fetchJson(app.addressOf(page.settings.nowcast.url, version));
      state.answeredFor = version;
      app.change({ nextHour: answer });
    } catch {
      // The server is away: the next refresh asks again, and the page says so elsewhere.
    }
    state.isAsking = false;
    // The card of a road that is open tells its next hour as well.
    if (page.nextHour?.version !== told) app.roadCard.rewrite();
    // A snapshot that came meanwhile has a nowcast of its own.
    if (page.snapshot.version !== version) ask();
  };

  const decoded = ({ percent, leads, ...origin }) => ({
    ...origin,
    leads,
    percent: Uint8Array.from(atob(percent), (c) => c.charCodeAt(0)),
    codes: leads.map(({ statuses, counts }) => app.forecastCodes(statuses, counts)),
  });

  /** Fetch the roads of the next hour that is told, once somebody asks. */
  const loadRoads = async () => {
    const { version } = page.nextHour;
    if (state.roadsAskedFor === version) return;
    state.roadsAskedFor = version;
    try {
      const url = app.addressOf(page.settings.nowcast.roadsUrl, version);
      app.change({ nextHourRoads: decoded(await app.fetchJson(url)) });
    } catch {
      // A newer one is there already, or the server is away: whoever asks next has it asked again.
      if (state.roadsAskedFor === version) state.roadsAskedFor = null;
    }
  };

  /** The roads of the next hour that is told; null until they are there. */
  const roadsTold = () => {
    const { nextHour, nextHourRoads } = page;
    if (nextHourRoads?.version === nextHour.version) return nextHourRoads;
    loadRoads();
    return null;
  };

  /** What is told of a road at a lead time: its status, and its speeds (km/h); null where nothing is. */
  const leadOf = (road, lead) => {
    const { settings, nextHourRoads: roads } = page;
    const leads = settings.nowcast.leadMinutes.length;
    const segments = roads.percent.length / (QUANTILES * leads);
    const percents = Array.from(
      { length: QUANTILES },
      (_, quantile) => roads.percent[(quantile * leads + lead) * segments + road.id],
    );
    if (percents[1] === settings.nowcast.unknownPercent) return null;
    const [low, middle, high] = percents.map((each) => (each * road.properties.speed_limit_kmh) / 100);
    const { codes, leaning } = roads.codes[lead];
    const status = settings.statuses[codes[road.id]];
    return { status, isFirm: !leaning.has(road.id), low, middle, high };
  };

  const zoneLine = (lead) => {
    const { nowcast: words, zone_status: firm, zone_status_leaning: leaning } = page.texts;
    if (!lead) return { text: words.road_unknown };
    const { fill, quantity, isFirm, number } = app.wording;
    const [status, probability, lost, low, high] = lead;
    const text = fill(words.road_speed, {
      status: (isFirm(100 * probability) ? firm : leaning)[status],
      speed: lostOf(quantity(lost, "minute")),
      low: number(low),
      high: number(high),
    });
    return { text, status };
  };

  const leadLine = (road, lead) => {
    const { texts } = page;
    const { fill, number, speed } = app.wording;
    const told = leadOf(road, lead);
    if (!told) return { text: texts.nowcast.road_unknown };
    const { status, isFirm, low, middle, high } = told;
    const text = fill(texts.nowcast.road_speed, {
      status: texts[isFirm ? "forecast_status" : "forecast_status_leaning"][status],
      speed: speed(middle),
      low: number(low),
      high: number(high),
    });
    return { text, status };
  };

  /** What the panel says of the next hour: a line a lead time, and what they rest on. */
  const partOf = (lines) => {
    const { nextHour: answer, settings, texts } = page;
    const part = app.element("div", "road-ahead");
    part.append(app.element("p", "road-ahead-title", texts.nowcast.road_title));
    const list = app.element("dl", "road-leads");
    lines.forEach(({ text, status }, lead) => {
      const minutes = settings.nowcast.leadMinutes[lead];
      const name = app.wording.fill(texts.nowcast.road_lead, { minutes });
      list.append(app.element("dt", "", name), app.element("dd", status ? `ahead ahead--${status}` : "", text));
    });
    part.append(list);
    part.append(app.element("p", "note", app.wording.basisNote(answer.basis, texts)));
    return part;
  };

  /** The part of a road in the panel on its next hour; null until there is one. */
  const roadPart = (road) => {
    if (kindOf(page.nextHour) !== "ready" || !roadsTold()) return null;
    return partOf(page.settings.nowcast.leadMinutes.map((_, lead) => leadLine(road, lead)));
  };

  /** The part of a zone; null until there is one. */
  const zonePart = (zone) => {
    const { nextHour: answer, settings } = page;
    if (kindOf(answer) !== "ready") return null;
    const told = answer.zones[settings.zones.indexOf(zone)];
    return partOf(settings.nowcast.leadMinutes.map((_, lead) => zoneLine(told?.[lead])));
  };

  /** Whether the next hour can be told, and why it cannot or what it rests on. */
  const told = () => {
    const kind = kindOf(page.nextHour);
    return { kind, note: noteOf(kind, page.nextHour) };
  };

  app.nowcast = { ask, leadOf, roadPart, roadsTold, told, zonePart };
  app.follow(["snapshot"], ask);
  app.follow(["snapshot", "nextHour"], write);
  app.follow(["nextHourRoads"], () => app.roadCard.rewrite());
  window.setInterval(() => {
    write();
    // What was told of a lead time may be too old by now.
    app.mapForecast.update();
  }, AGE_CHECK_MS);
})();
