/* Now against the usual: the events of now, listed and, when asked for, standing out on the map;
   and what the card of a road says. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const state = {
    isOn: false,
    // The document of the snapshot that is shown, null where nothing can be told; none at first.
    told: undefined,
  };

  /** Whether a snapshot can be compared at all: some zone is. */
  const isCompared = ({ zones, source }) =>
    source !== "archive" && zones.some((zone) => zone !== null && zone[1] !== 0);

  const itemOf = (event) => {
    const { texts } = page;
    const { unusual: words } = texts;
    const { fill, duration, stretch, time } = app.wording;
    const { way, ends, length } = stretch(event.stretch, texts);
    const lasting = fill(words.since, { time: time(event.since) });
    const told = {
      way,
      ends,
      delay: fill(words.delay, { delay: duration(event.delay_s) }),
      detail: [length, lasting, texts.event_trend[event.trend]].join(" · "),
    };
    const cause = fill(words.cause, { place: event.cause });
    const more = event.cause ? [app.element("span", "worst-soft", cause)] : [];
    return app.stretchItem("unusual-event", told, () => showEvent(event), more);
  };

  /** An event on the map: the road at its middle, with its card. */
  const showEvent = async ({ segments }) => {
    if (page.driver && segments.length) {
      await app.roadCard.flyTo(segments[Math.floor(segments.length / 2)]);
    }
  };

  const lineWords = () => {
    const { unusual: words, glance } = page.texts;
    if (state.told === undefined) return glance.no_value;
    if (state.told === null) return words.unknown;
    return state.told.events.length ? "" : words.none;
  };

  const writeList = () => {
    const line = lineWords();
    app.write({ "unusual-line": { text: line, hidden: line === "" } });
    document.getElementById("unusual-list")?.replaceChildren(
      ...(state.told?.events ?? []).map(itemOf),
    );
  };

  /** The button, and the map as it asks for; a forecast is not compared with the usual. */
  const show = () => {
    const { driver, forecast, texts } = page;
    const { unusual: words } = texts;
    const events = forecast === null && driver !== null ? state.told?.events : null;
    const count = events?.length ?? 0;
    app.write({
      "unusual-toggle": { hidden: !events || (count === 0 && !state.isOn) },
      "unusual-label": {
        text: count ? app.wording.fill(words.count, { count: app.wording.number(count) }) : words.toggle,
      },
    });
    const isFading = state.isOn && events;
    driver?.fadeUsual(isFading ? new Set(events.flatMap(({ segments }) => segments)) : null);
  };

  /** Once the map has painted what is shown. */
  const update = async () => {
    const { snapshot } = page;
    try {
      const { eventsUrl } = page.settings.map;
      const told = isCompared(snapshot)
        ? await app.snapshotEvents(snapshot.version, eventsUrl)
        : null;
      if (page.snapshot !== snapshot) return;
      state.told = told;
    } catch {
      // The server has a newer snapshot, or cannot tell: until then what is shown stays.
    }
    writeList();
    show();
  };

  window.dash_clientside.traffic.toggleUnusual = () => {
    state.isOn = !state.isOn;
    show();
    return String(state.isOn);
  };

  /** The speeds usual on a road at this hour, in words; null where too little is known. */
  const speedOf = (id, columns) => {
    const low = columns?.usual_low_kmh?.[id] ?? null;
    if (low === null) return null;
    const { texts, settings } = page;
    const { fill, number, speed } = app.wording;
    const comparison = texts.usual_speed[settings.map.comparisons[columns.compared[id]]];
    return fill(comparison ? texts.unusual.speed_compared : texts.unusual.speed, {
      low: number(low),
      high: speed(columns.usual_high_kmh[id]),
      comparison,
    });
  };

  /** Whether a road is slower than it usually is at this hour. */
  const isBusier = (id, columns) =>
    page.settings.map.comparisons[columns?.compared?.[id]] === "busier";

  app.follow(["frame"], () => {
    if (state.isOn) window.dash_clientside.set_props("unusual-toggle", { "aria-pressed": "true" });
  });
  app.usual = { update, speedOf, isBusier };
})();
