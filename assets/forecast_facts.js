/* What a road's card says of its forecast: fetched by hour, when somebody looks at a road. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  // The columns of one hour only, so that a page left open does not grow.
  let kept = { key: null, columns: null, isGone: false };

  const keyOf = ({ day, hour, model, network }) => [day, hour, model, network].join(" ");

  const load = async (forecast, then) => {
    const key = keyOf(forecast);
    if (kept.key === key) return;
    const mine = { key, columns: null, isGone: false };
    const { forecastUrl: url } = page.settings.map;
    kept = mine;
    try {
      const columns = await app.fetchJson(`${url}?hour=${forecast.hour}&day=${forecast.day}`);
      const found = { ...columns, model: columns.model_version, network: columns.network_version };
      // Another model or network by now: the map will have it with its next question.
      mine.isGone = keyOf(found) !== key;
      mine.columns = columns;
    } catch {
      mine.isGone = true;
    }
    if (kept === mine) then();
    // A failure is not kept: the next road to be looked at asks again.
    if (mine.isGone && kept === mine) kept = { ...mine, key: null };
  };

  /** What is told of a road: nothing but that it is uncertain, where it is. */
  const expected = ({ id, properties }, columns) => {
    const { map_forecast: wording } = page.texts;
    const status = columns.status[id];
    if (status === "uncertain") return [[wording.probability, wording.uncertain]];
    const { fill, number, speed, roundedChance } = app.wording;
    const kmh = (level) => columns.speed_ratio[level][id] * properties.speed_limit_kmh;
    const range = { p10: number(kmh("p10")), p90: speed(kmh("p90")) };
    return [
      [wording.probability, roundedChance(columns.probabilities[status][id], page.texts)],
      [wording.speed, speed(kmh("p50"))],
      [wording.speed_range, fill(wording.speed_range_value, range)],
    ];
  };

  /** Of a road within the hour. */
  const expectedSoon = (road, { lead }) => {
    const { map_forecast: wording, nowcast } = page.texts;
    const { fill, number, speed } = app.wording;
    const told = app.nowcast.leadOf(road, lead);
    if (!told) return [[wording.speed, nowcast.road_unknown]];
    const range = { p10: number(told.low), p90: speed(told.high) };
    return [
      [wording.speed, speed(told.middle)],
      [wording.speed_range, fill(wording.speed_range_value, range)],
    ];
  };

  const isSoon = (forecast) => "minutes" in forecast;

  /** The status of a road and when, told firmly where it is at least as likely as all others. */
  app.forecastStatus = (code, forecast, id) => {
    const { forecast_status: firm, forecast_status_leaning: leaning } = page.texts;
    const name = page.settings.statuses[code];
    const { moment, leaning: roads } = page.forecast;
    return app.wording.fill(page.texts.map_forecast.status_then, {
      status: (roads.has(id) ? leaning : firm)[name],
      when: app.moment.words(moment),
    });
  };

  /** Names and values for a road's card; calls back once there is more to say. */
  app.forecastFacts = (road, forecast, then) => {
    const { map_forecast: wording, road: roadWording } = page.texts;
    const limit = [roadWording.limit, app.wording.speed(road.properties.speed_limit_kmh)];
    if (isSoon(forecast)) return [...expectedSoon(road, forecast), limit];
    load(forecast, then);
    const { columns, isGone } = kept;
    const shareOf = (id) => app.wording.chance(columns.observed_shares[id], page.texts);
    const isThere = columns && !isGone;
    const waiting = [[wording.probability, isGone ? wording.gone : roadWording.loading]];
    return [
      ...(isThere ? expected(road, columns) : waiting),
      limit,
      ...(isThere ? [[wording.observed_share, shareOf(road.id)]] : []),
    ];
  };
})();
