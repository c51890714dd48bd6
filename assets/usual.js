/* Now against the usual: which roads stand out on the map, and what the card of a road says. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  let isOn = false;

  /** Whether a snapshot can be compared at all: some zone is. */
  const isCompared = (snapshot) => snapshot.zones.some((zone) => zone !== null && zone[2] !== 0);

  const label = (comparison) => {
    const { unusual: wording } = page.texts;
    const { fill, number } = app.wording;
    if (!comparison) return { text: wording.toggle, title: wording.hint };
    const count = (name) => {
      const code = page.settings.map.comparisons.indexOf(name);
      return comparison.reduce((sum, value) => sum + (value === code), 0);
    };
    const [busier, quieter] = [count("busier"), count("quieter")];
    return {
      text: fill(wording.count, { count: number(busier + quieter) }),
      title: fill(wording.explanation, { busier: number(busier), quieter: number(quieter) }),
    };
  };

  const show = (comparison) => {
    const { text, title } = label(comparison);
    app.write({ "unusual-label": { text }, "unusual-toggle": { title } });
    page.driver.fadeUsual(comparison);
  };

  /** Once the map has painted what is shown; a forecast is not compared with the usual. */
  const update = async () => {
    const { driver, forecast, snapshot, settings } = page;
    const canTell = driver !== null && forecast === null && isCompared(snapshot);
    app.write({ "unusual-toggle": { hidden: !canTell } });
    if (driver === null) return;
    if (!isOn || !canTell) {
      show(null);
      return;
    }
    try {
      const { comparedUrl, comparisonBits } = settings.map;
      const { compared } = await app.snapshotComparison(snapshot.version, comparedUrl);
      if (isOn && page.forecast === null && page.snapshot === snapshot) {
        show(app.unpackCodes(compared, app.segmentsOf(snapshot), comparisonBits));
      }
    } catch {
      // The server already has a newer snapshot: until it is here, what is shown stays.
    }
  };

  window.dash_clientside.traffic.toggleUnusual = () => {
    isOn = !isOn;
    update();
    return String(isOn);
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

  app.usual = { update, speedOf, isBusier };
})();
