/* What is written beside the map from each snapshot. Pure functions: data in, properties out. */
(() => {
  "use strict";
  const app = (window.trafficRennes = window.trafficRennes || {});
  const callbacks = ((window.dash_clientside = window.dash_clientside || {}).traffic =
    window.dash_clientside.traffic || {});

  /** Nothing to write before the first snapshot. */
  const unchanged = (outputs) => Array(outputs).fill(window.dash_clientside.no_update);

  const shareOf = (snapshot, code, texts) => app.wording.percent(snapshot.shares[code] / 10, texts);

  callbacks.zonesNow = (snapshot, texts, settings) => {
    const { fill, extraPercent } = app.wording;
    if (!snapshot) return unchanged(4 * settings.zones.length);
    return settings.zones.flatMap((zone, place) => {
      const name = texts.zone[zone];
      const known = snapshot.zones[place];
      if (!known) {
        const title = fill(texts.zones_now.explanation_unknown, { zone: name });
        return [
          "zone-tile zone-tile--unknown",
          title,
          texts.zone_status.unknown,
          texts.glance.no_value,
        ];
      }
      const [status, extra] = known;
      const word = texts.zone_status[status];
      const extraText = extraPercent(extra, texts);
      const title = fill(texts.zones_now.explanation, {
        zone: name,
        status: word,
        extra: extraText,
      });
      return [`zone-tile zone-tile--${status}`, title, word, extraText];
    });
  };

  callbacks.glance = (snapshot, texts, settings) => {
    const { fill, number, extraPercent } = app.wording;
    if (!snapshot) return unchanged(4 + settings.legendOrder.length);
    const congestion =
      snapshot.congestion === null
        ? texts.glance.no_value
        : extraPercent(snapshot.congestion, texts);
    const shares = settings.legendOrder.filter((code) => snapshot.shares[code] > 0).map((code) =>
      fill(texts.glance.share_entry, {
        status: texts.status[settings.statuses[code]],
        share: shareOf(snapshot, code, texts),
      }),
    );
    return [
      congestion,
      number(snapshot.jam_km, 1),
      shares.join(", "),
      snapshot.source !== "demo",
      ...settings.legendOrder.map((code) => ({ flexGrow: snapshot.shares[code] })),
    ];
  };

  callbacks.worstRoads = (snapshot, texts, settings) => {
    const { fill, number, duration } = app.wording;
    if (!snapshot) return unchanged(1 + 3 * settings.worstRoads);
    const items = Array.from({ length: settings.worstRoads }, (_, place) => snapshot.worst[place]);
    return [
      snapshot.worst.length ? "" : texts.glance.worst_none,
      ...items.flatMap((road) => {
        if (!road) return [true, "", ""];
        const [name, zone, delaySeconds, speed] = road;
        return [
          false,
          fill(texts.glance.worst_name, { name, zone: texts.zone[settings.zones[zone]] }),
          fill(texts.glance.worst_detail, {
            delay: duration(delaySeconds, texts),
            speed: number(speed),
          }),
        ];
      }),
    ];
  };

  callbacks.legend = (snapshot, texts, settings) => {
    const { fill, number } = app.wording;
    if (!snapshot) return unchanged(2 * settings.legendOrder.length);
    return settings.legendOrder.flatMap((code) => {
      const values = {
        count: number(snapshot.counts[code]),
        share: shareOf(snapshot, code, texts),
        meaning: texts.status_meaning[settings.statuses[code]],
      };
      return [fill(texts.legend.entry, values), fill(texts.legend.explanation, values)];
    });
  };
})();
