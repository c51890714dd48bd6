/* The forecast card: a choice answered out of the table of zones, hours clicked on the strip, and
   a page left open that follows the time. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;
  const { traffic: callbacks } = window.dash_clientside;

  const HOUR_S = 3600;

  const STRIP_PROPERTIES = ["className", "data-letter", "aria-label", "aria-pressed"];

  // When the server was asked: until it has answered it is asked again, so that its answer never
  // comes after a later one. One that has not answered by then is not waited for any longer.
  let askedAt = -Infinity;
  const isAsking = () => Date.now() - askedAt < app.PATIENCE_MS;

  const set = (id, props) => window.dash_clientside.set_props(id, props);

  /** A component of Dash, as the server sends it. */
  const component = (type, children, className) => ({
    namespace: "dash_html_components",
    type,
    props: { children, className },
  });

  /** The likeliest status of an hour, and whether it is more than that. */
  const likeliest = ({ percent, status }, hour, texts) => {
    const name = status[hour];
    const isFirm = app.wording.isFirm(percent[name][hour]);
    return { isFirm, words: texts[isFirm ? "zone_status" : "zone_status_leaning"][name] };
  };

  /** The sentence that answers, its probability and those of the other statuses. */
  const answerOf = ({ percent, status }, { day, hour, type }, texts) => {
    const { fill, chance, weekday } = app.wording;
    const { forecast: wording, zone_status: names } = texts;
    const { isFirm, words } = likeliest({ percent, status }, hour, texts);
    const told = (name) => ({ status: names[name], percent: chance(percent[name][hour] / 100, texts) });
    const chosen = told(status[hour]);
    const each = Object.keys(percent).map((name) =>
      component("Span", fill(wording.each_status, told(name)), `probability probability--${name}`),
    );
    const line = [
      component(
        isFirm ? "Strong" : "Span",
        fill(wording.answer, { status: words }),
        `answer answer--${status[hour]}`,
      ),
      " ",
      component("Span", fill(wording.probability, chosen), "answer-probability"),
      " ",
      component("Span", fill(wording.context, { day: weekday(day), hour }), "visually-hidden"),
    ];
    const aboutDay = texts.day_note[type];
    return [
      component("P", line, "answer-line"),
      component("P", each, "probabilities"),
      ...(aboutDay ? [component("P", aboutDay, "answer-day")] : []),
    ];
  };

  const stripOf = ({ percent, status }, chosen, texts) => {
    const { fill, chance } = app.wording;
    const label = (name, hour) =>
      fill(texts.forecast.strip_hour, {
        hour,
        status: likeliest({ percent, status }, hour, texts).words,
        percent: chance(percent[name][hour] / 100, texts),
      });
    const leaning = (hour) =>
      likeliest({ percent, status }, hour, texts).isFirm ? "" : " strip-button--leaning";
    return [
      status.map((name, hour) => `strip-button strip-button--${name}${leaning(hour)}`),
      status.map((name) => texts.zone_status_letter[name]),
      status.map(label),
      status.map((_, hour) => String(hour === chosen)),
    ];
  };

  const noteOf = ({ basis }, hour, texts) =>
    app.wording.basisNote(basis[basis.length > 1 ? hour : 0], texts);

  /** What the card says of a choice, as components/forecast_card.py says it; null where the table
      has no such hour, day or zone. */
  const cardOf = ({ hour, day, zone }, { zoneTable, texts, settings }) => {
    const weekday = settings.days.indexOf(day);
    const { type, like } = zoneTable.days[weekday] || {};
    const forecast = zoneTable.zones[zone]?.[like];
    if (!forecast?.status[hour]) return null;
    const chosen = { day: weekday, hour: Number(hour), type };
    return {
      title: app.wording.fill(texts.forecast.title, { zone: texts.zone_in_title[zone] }),
      answer: answerOf(forecast, chosen, texts),
      note: noteOf(forecast, chosen.hour, texts),
      strip: stripOf(forecast, chosen.hour, texts),
    };
  };

  /** Columns of the strip, as components/forecast_card.py makes them, each to its buttons. */
  const writeStrip = (columns) => {
    const [hours = []] = columns;
    const buttons = hours.map((_, hour) => [
      `strip-hour-${hour}`,
      Object.fromEntries(STRIP_PROPERTIES.map((name, place) => [name, columns[place][hour]])),
    ]);
    app.write({ "forecast-strip": { hidden: !hours.length }, ...Object.fromEntries(buttons) });
  };

  callbacks.chooseForecast = (hour, day, zone) => {
    const { zoneTable: table } = page;
    // A day later the days of the table are others: the next answer of the server brings its own.
    const isCurrent = !isAsking() && table && app.freshness.now() < table.until;
    const card = isCurrent ? cardOf({ hour, day, zone }, page) : null;
    if (!card) {
      askedAt = Date.now();
      set("forecast-question", { data: Date.now() });
      return;
    }
    set("forecast-title", { children: card.title });
    set("forecast-answer", { children: card.answer });
    set("forecast-note", { children: card.note });
    writeStrip(card.strip);
  };

  callbacks.forecastAnswered = (columns) => {
    askedAt = -Infinity;
    writeStrip(columns);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#forecast-strip button");
    if (button) set("forecast-hour", { value: button.dataset.hour });
  });

  /** The choice that a page would start with now, as callbacks/pages/home.py makes it. */
  const momentAt = (epochSeconds, days) => {
    const coming = app.wording.weekHour(epochSeconds + HOUR_S);
    const today = days[app.wording.weekHour(epochSeconds).day];
    return { hour: String(coming.hour), day: days[coming.day], today };
  };

  const dayOptions = (today, days, texts) => {
    const start = days.indexOf(today);
    return days.map((_, ahead) => {
      const day = days[(start + ahead) % days.length];
      const name = app.wording.weekday(days.indexOf(day));
      const wordings = [texts.forecast.today, texts.forecast.tomorrow];
      return { value: day, label: app.wording.fill(wordings[ahead] || "{day}", { day: name }) };
    });
  };

  const isSame = (moment, other) =>
    Object.keys(moment).every((name) => moment[name] === other[name]);

  /** As hours pass, go on with the coming one, unless the visitor chose another. */
  const followTime = (serverTime) => {
    const { moment, settings, texts } = page;
    const now = momentAt(serverTime, settings.days);
    if (moment && isSame(now, moment)) return;
    app.change({ moment: now });
    // The page comes with the moment it is loaded at.
    if (!moment) return;
    const [hour, day] = ["hour", "day"].map((name) => document.getElementById(`forecast-${name}`).value);
    const follows = hour === moment.hour && day === moment.day;
    if (follows) set("forecast-hour", { value: now.hour });
    set("forecast-day", {
      options: dayOptions(now.today, settings.days, texts),
      ...(follows && { value: now.day }),
    });
  };

  app.forecast = { cardOf, followTime };
})();
