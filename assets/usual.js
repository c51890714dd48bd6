/* Now against the usual: which roads stand out on the map, and what the card of a road says. */
(() => {
  "use strict";
  const app = (window.trafficRennes = window.trafficRennes || {});
  const callbacks = ((window.dash_clientside = window.dash_clientside || {}).traffic =
    window.dash_clientside.traffic || {});

  const state = {
    isOn: false,
    // Whether the map shows the snapshot: a forecast is not compared with the usual.
    isNow: true,
    driver: null,
    snapshot: null,
    settings: null,
    texts: null,
  };

  /** Whether a snapshot can be compared at all: some zone is. */
  const isCompared = (snapshot) => snapshot.zones.some((zone) => zone !== null && zone[2] !== 0);

  const label = (comparison) => {
    const { texts, settings } = state;
    const { fill, number } = app.wording;
    if (!comparison) return { text: texts.unusual.toggle, title: texts.unusual.hint };
    const count = (name) => {
      const code = settings.comparisons.indexOf(name);
      return comparison.reduce((sum, value) => sum + (value === code), 0);
    };
    const [busier, quieter] = [count("busier"), count("quieter")];
    return {
      text: fill(texts.unusual.count, { count: number(busier + quieter) }),
      title: fill(texts.unusual.explanation, { busier: number(busier), quieter: number(quieter) }),
    };
  };

  const show = (comparison) => {
    const { text, title } = label(comparison);
    app.write({ "unusual-label": { text }, "unusual-toggle": { title } });
    state.driver.fadeUsual(comparison);
  };

  const update = async () => {
    const { driver, snapshot, settings, isNow } = state;
    const canTell = driver !== null && isNow && isCompared(snapshot);
    app.write({ "unusual-toggle": { hidden: !canTell } });
    if (driver === null) return;
    if (!state.isOn || !canTell) {
      show(null);
      return;
    }
    try {
      const { compared } = await app.snapshotComparison(snapshot.version, settings.comparedUrl);
      if (state.isOn && state.isNow && state.snapshot === snapshot) {
        show(app.unpackCodes(compared, app.segmentsOf(snapshot), settings.comparisonBits));
      }
    } catch {
      // The server already has a newer snapshot: until it is here, what is shown stays.
    }
  };

  /** The newest snapshot, and whether the map has painted it; no driver where there is no map. */
  const follow = (driver, snapshot, isNow, settings, texts) => {
    Object.assign(state, { driver, snapshot, isNow, settings, texts });
    update();
  };

  callbacks.toggleUnusual = () => {
    state.isOn = !state.isOn;
    update();
    return String(state.isOn);
  };

  /** The speeds usual on a road at this hour, in words; null where too little is known. */
  const speedOf = (id, columns, settings, texts) => {
    const low = columns?.usual_low_kmh?.[id] ?? null;
    if (low === null) return null;
    const { fill, number, speed } = app.wording;
    const comparison = texts.usual_speed[settings.comparisons[columns.compared[id]]];
    return fill(comparison ? texts.unusual.speed_compared : texts.unusual.speed, {
      low: number(low),
      high: speed(columns.usual_high_kmh[id]),
      comparison,
    });
  };

  app.usual = { follow, speedOf };
})();
