/* The figures beside the map, from a snapshot: functions from data to what to write where. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const SECONDS_PER_MINUTE = 60;

  const shareOf = (snapshot, code) => app.wording.percent(snapshot.shares[code] / 10);

  const unknownTile = (title, texts) => ({
    kind: "unknown",
    status: texts.zone_status.unknown,
    lost: texts.glance.no_value,
    title,
  });

  /** The tile of a zone as it is observed. */
  const zoneTile = (zone, state, texts, settings) => {
    const { fill, quantity } = app.wording;
    const { zones_now: wording } = texts;
    const name = texts.zone[zone];
    if (!state) return unknownTile(fill(wording.explanation_unknown, { zone: name }), texts);
    const [kind, comparison, minutes] = state;
    const status = texts.zone_status[kind];
    const delay = quantity(minutes, "minute");
    const explanation = fill(wording.explanation, { zone: name, status, delay });
    const tile = { kind, status, lost: fill(wording.lost, { delay }), title: explanation };
    if (!comparison) return tile;
    const usual = texts.usual_sentence[settings.map.comparisons[comparison]];
    return { ...tile, usual, title: fill(wording.compared, { explanation, comparison: usual }) };
  };

  /** The tile of a zone as it is forecast: its word, leaning where it is not firm, its probability,
      and the minutes lost where these are known. */
  const forecastTile = (zone, { kind, percent, minutes }, texts) => {
    const { fill, chance, isFirm, quantity } = app.wording;
    const { zones_now: wording } = texts;
    const status = texts[isFirm(percent) ? "zone_status" : "zone_status_leaning"][kind];
    const told = chance(percent / 100, texts);
    const when = app.moment.words(page.moment);
    const title = fill(wording.forecast, { zone: texts.zone[zone], when, status, percent: told });
    if (minutes === undefined) return { kind, status, lost: told, title };
    const lost = fill(wording.lost, { delay: quantity(minutes, "minute") });
    return { kind, status, lost, usual: told, title };
  };

  /** What is forecast of a zone at the moment shown; null where nothing is. */
  const zoneForecast = (zone, place) => {
    const { moment, nextHour, settings } = page;
    if (moment.kind === "ahead") {
      if (app.nowcast.told().kind !== "ready") return null;
      const told = nextHour.zones[place]?.[settings.nowcast.leadMinutes.indexOf(moment.minutes)];
      if (!told) return null;
      const [kind, probability, minutes] = told;
      return { kind, percent: 100 * probability, minutes };
    }
    const found = app.forecast.inTable(zone, moment.day);
    if (!found) return null;
    const { status, percent } = found.forecast;
    const kind = status[moment.hour];
    return { kind, percent: percent[kind][moment.hour] };
  };

  const tileOf = (zone, place, texts, settings) => {
    const { moment, snapshot } = page;
    if (moment.kind === "now") return zoneTile(zone, snapshot.zones[place], texts, settings);
    const told = zoneForecast(zone, place);
    if (told) return forecastTile(zone, told, texts);
    const values = { zone: texts.zone[zone], when: app.moment.words(moment) };
    return unknownTile(app.wording.fill(texts.zones_now.forecast_unknown, values), texts);
  };

  /** What a zone's tile says, at the moment shown. */
  const zoneTold = (zone) =>
    tileOf(zone, page.settings.zones.indexOf(zone), page.texts, page.settings);

  const zones = (texts, settings) =>
    settings.zones.flatMap((zone, place) => {
      const { kind, status, lost, title, usual = "" } = tileOf(zone, place, texts, settings);
      return [
        [
          `zone-${zone}`,
          {
            className: `zone-tile zone-tile--${kind}`,
            title,
            "aria-current": String(zone === page.zone),
          },
        ],
        [`zone-status-${zone}`, { text: status }],
        [`zone-lost-${zone}`, { text: lost }],
        [`zone-usual-${zone}`, { text: usual }],
      ];
    });

  const zonesHeading = (texts) => {
    const { zones_now: wording } = texts;
    const { kind } = page.moment;
    const heading = kind === "now" ? wording.title : app.moment.words(page.moment);
    const note = kind === "hour" ? wording.probability_note : wording.lost_note;
    return [
      ["zones-now-title", { text: heading }],
      ["zones-note", { text: note }],
    ];
  };

  /** The figures of the moment shown: of the snapshot or of a forecast; null where none are told. */
  app.figuresTold = () => {
    const { forecast, snapshot } = page;
    if (!forecast) return snapshot;
    return forecast.state === "ready" ? forecast.answer : null;
  };

  /** The figures where nothing can be told. */
  const noGlance = ({ glance: { no_value: none } }, settings) => [
    ["glance-congestion", { text: none }],
    ["glance-jam", { text: none }],
    ["glance-shares", { "aria-label": none }],
    ...settings.legendOrder.map((code) => [`share-${settings.statuses[code]}`, { grow: "0" }]),
    ["worst-none", { text: none, hidden: false }],
    ...worstPlaces(settings).map((place) => [`worst-item-${place}`, { hidden: true }]),
  ];

  const worstPlaces = (settings) =>
    Array.from({ length: settings.worstStretches }, (_, place) => place);

  const glance = (snapshot, texts, settings) => {
    const { fill, number, extraPercent } = app.wording;
    const present = settings.legendOrder.filter((code) => snapshot.shares[code] > 0);
    const shares = present.map((code) => {
      const status = texts.status[settings.statuses[code]];
      return fill(texts.glance.share_entry, { status, share: shareOf(snapshot, code) });
    });
    const { congestion } = snapshot;
    const extra = congestion === null ? texts.glance.no_value : extraPercent(congestion);
    return [
      ["glance-congestion", { text: extra }],
      ["glance-jam", { text: number(snapshot.jam_km, 1) }],
      ["glance-shares", { "aria-label": shares.join(", ") }],
      ...settings.legendOrder.map((code) => [
        `share-${settings.statuses[code]}`,
        { grow: String(snapshot.shares[code]) },
      ]),
    ];
  };

  /** How the time lost on a stretch compares with the usual: nothing where that is not known. */
  const againstUsual = (seconds, texts) => {
    if (seconds === null) return "";
    const { worst_more: more, worst_less: less, worst_same: same } = texts.glance;
    const away = Math.abs(seconds);
    if (Math.round(away / SECONDS_PER_MINUTE) === 0) return same;
    // As exactly as the time lost in all, of which it is a part.
    return app.wording.fill(seconds > 0 ? more : less, { delay: app.wording.duration(away) });
  };

  /** Nobody reads seconds from across a room, and without them the road's direction has its place. */
  const legible = (seconds) =>
    app.isWall && seconds >= SECONDS_PER_MINUTE
      ? Math.round(seconds / SECONDS_PER_MINUTE) * SECONDS_PER_MINUTE
      : seconds;

  const delayed = (seconds, texts) =>
    app.wording.fill(texts.glance.worst_delay, { delay: app.wording.duration(legible(seconds)) });

  /** A worst stretch in words. */
  const stretchTold = ([, delaySeconds, usualSeconds, kmh, parts]) => {
    const { texts } = page;
    const { way, ends, length } = app.wording.stretch(parts, texts);
    const detail = [length, app.wording.speed(kmh), againstUsual(usualSeconds, texts)];
    return { way, ends, delay: delayed(delaySeconds, texts), detail: detail.filter(Boolean).join(" · ") };
  };

  const worstStretches = (snapshot, texts, settings) => {
    return [
      ["worst-none", { text: texts.glance.worst_none, hidden: snapshot.worst.length > 0 }],
      ...worstPlaces(settings).flatMap((place) => {
        if (place >= snapshot.worst.length) return [[`worst-item-${place}`, { hidden: true }]];
        const { way, ends, delay, detail } = stretchTold(snapshot.worst[place]);
        return [
          [`worst-item-${place}`, { hidden: false }],
          [`worst-name-${place}`, { text: way }],
          [`worst-ends-${place}`, { text: ends }],
          [`worst-delay-${place}`, { text: delay }],
          [`worst-detail-${place}`, { text: detail }],
        ];
      }),
    ];
  };

  /** Minutes of a corridor now, and how many more than in free flow. */
  const corridorTime = (now, freeFlow, texts, settings) => {
    const { fill, quantity } = app.wording;
    if (now === settings.corridorClosed) return { now: texts.status.impossible, more: "" };
    if (now === null) return { now: texts.glance.no_value, more: "" };
    const delay = quantity(Math.max(0, now - freeFlow), "minute");
    return { now: quantity(now, "minute"), more: fill(texts.corridors.more, { delay }) };
  };

  /** The corridors that a drive leads along and of which something is known, a row each; the side
      of one that is a ring is inner or outer. */
  const corridorRows = ({ corridors: minutes }, texts, settings) =>
    settings.corridors.flatMap(({ name, towards, side }, place) => {
      const [now, freeFlow] = minutes.slice(2 * place, 2 * place + 2);
      if (freeFlow === null) return [];
      const where = side ? texts.corridors[side] : app.wording.fill(texts.corridors.towards, { towards });
      const told = corridorTime(now, freeFlow, texts, settings);
      const free = app.wording.quantity(freeFlow, "minute");
      return [{ place, name: app.wording.localName(name, texts), where, now: told.now, free, more: told.more }];
    });

  const corridorRow = ({ name, where, now, free, more }) => {
    const heading = app.element("th", "", `${name} `);
    heading.scope = "row";
    heading.append(app.element("span", "corridor-towards", where));
    const row = app.element("tr");
    row.append(heading, app.element("td", "corridor-now", now), app.element("td", "", free), app.element("td", "", more));
    return row;
  };

  /** A table of some corridors, by their places in the settings; null where nothing is known of them. */
  const corridorTable = (places) => {
    const { snapshot, texts, settings } = page;
    const { corridors: words } = texts;
    const rows = corridorRows(snapshot, texts, settings).filter(({ place }) => places.has(place));
    if (rows.length === 0) return null;
    const table = app.element("table", "corridors-table");
    const head = table.createTHead().insertRow();
    ["way", "now", "free_flow", "lost"].forEach((name) => {
      const column = app.element("th", "", words[name]);
      column.scope = "col";
      head.append(column);
    });
    table.createTBody().append(...rows.map(corridorRow));
    return table;
  };

  const writeCorridors = ({ snapshot, texts, settings }) => {
    const rows = corridorRows(snapshot, texts, settings);
    app.write({ corridors: { hidden: rows.length === 0 } });
    document.getElementById("corridors-rows")?.replaceChildren(...rows.map(corridorRow));
  };

  const legend = (snapshot, texts, settings) =>
    settings.legendOrder.flatMap((code) => {
      const { fill, counted } = app.wording;
      const status = settings.statuses[code];
      const count = snapshot.counts[code];
      const values = {
        share: shareOf(snapshot, code),
        meaning: texts.status_meaning[status],
      };
      return [
        [`legend-word-${status}`, { text: texts.status[status] }],
        [`legend-figures-${status}`, { text: fill(texts.legend.entry, values) }],
        [`legend-${status}`, { title: counted(texts.legend.explanation, count, values) }],
      ];
    });

  /** The texts with a forecast's words for the statuses: what is unknown now is uncertain then. */
  const forecastTexts = (texts) => ({
    ...texts,
    status: texts.forecast_status,
    status_meaning: texts.forecast_status_meaning,
  });

  /** The legend where nothing can be told of the roads. */
  const noLegend = (texts, settings) =>
    settings.statuses.map((status) => [
      `legend-figures-${status}`,
      { text: texts.glance.no_value },
    ]);

  /** What is told beside the map of the moment shown; the legend counts the roads as it shows them. */
  const writeFigures = () => {
    const { forecast, snapshot, texts, settings } = page;
    if (!snapshot) return;
    const told = app.figuresTold();
    const figures = told
      ? [
          ...glance(told, texts, settings),
          ...worstStretches(told, texts, settings),
          ...legend(told, forecast ? forecastTexts(texts) : texts, settings),
        ]
      : [...noGlance(texts, settings), ...noLegend(texts, settings)];
    app.write(Object.fromEntries(figures));
  };

  /** What is told of the zones, at the moment shown. */
  const writeZones = () => {
    const { snapshot, texts, settings } = page;
    if (!snapshot) return;
    app.write(Object.fromEntries([...zones(texts, settings), ...zonesHeading(texts)]));
  };

  /** What is told of now, whatever moment is shown. */
  const writeNow = () => {
    app.write({ "attribution-demo": { hidden: page.snapshot.source !== "demo" } });
    writeCorridors(page);
  };

  const write = () => {
    writeNow();
    writeZones();
    writeFigures();
  };

  app.figures = { zoneTold, stretchTold, corridorTable, write };
  app.follow(["snapshot"], writeNow);
  app.follow(["snapshot", "moment", "zone", "coming", "nextHour", "zoneTable"], writeZones);
  app.follow(["snapshot", "forecast"], writeFigures);
})();
