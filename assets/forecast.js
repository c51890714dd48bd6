/* The sentence that answers, and the strip of hours: for now out of the snapshot, for the next hour
   out of its document, for an hour out of the table of zones, or else by the server. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;
  const { traffic: callbacks } = window.dash_clientside;

  const STRIP = "forecast-strip";
  const STRIP_PROPERTIES = ["className", "data-letter", "aria-label"];
  // A question that has had no answer by then is asked again with the server's next sign of life.
  const ASK_AGAIN_MS = 3000;

  const state = {
    // The hour that the server is asked for, and when; null while it is asked nothing.
    asked: null,
    askedAt: 0,
    // The answer that was told last, and the element that was told: a new one knows nothing.
    told: "",
    region: null,
  };

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

  /** The line of an answer: the status, in bold where it is firm, and what goes with it. */
  const lineOf = (words, status, isFirm, details) =>
    component(
      "P",
      [
        component(isFirm ? "Strong" : "Span", words, `answer answer--${status}`),
        ...details.flatMap(([text, className]) => [" ", component("Span", text, className)]),
      ],
      "answer-line",
    );

  /** The sentence that answers for an hour, its probability and those of the other statuses. */
  const hourAnswer = ({ percent, status }, { hour, type, when }, texts) => {
    const { fill, chance } = app.wording;
    const { forecast: wording, zone_status: names } = texts;
    const { isFirm, words } = likeliest({ percent, status }, hour, texts);
    const told = (name) => ({ status: names[name], percent: chance(percent[name][hour] / 100, texts) });
    const chosen = told(status[hour]);
    const each = Object.keys(percent).map((name) =>
      component("Span", fill(wording.each_status, told(name)), `probability probability--${name}`),
    );
    const aboutDay = texts.day_note[type];
    return [
      lineOf(fill(wording.answer, { status: words }), status[hour], isFirm, [
        [fill(wording.probability, chosen), "answer-probability"],
        [when, "answer-when"],
      ]),
      component("P", each, "probabilities"),
      ...(aboutDay ? [component("P", aboutDay, "answer-day")] : []),
    ];
  };

  const stripOf = ({ percent, status }, texts) => {
    const { fill, chance } = app.wording;
    const label = (name, hour) =>
      fill(texts.forecast.strip_hour, {
        hour: app.moment.hourText(hour),
        status: likeliest({ percent, status }, hour, texts).words,
        percent: chance(percent[name][hour] / 100, texts),
      });
    const leaning = (hour) =>
      likeliest({ percent, status }, hour, texts).isFirm ? "" : " strip-button--leaning";
    return [
      status.map((name, hour) => `strip-button strip-button--${name}${leaning(hour)}`),
      status.map((name) => texts.zone_status_letter[name]),
      status.map(label),
    ];
  };

  /** What the table has of a zone and day; null where it has no such, or is of another day. */
  const inTable = (zone, day) => {
    const { settings, zoneTable: table } = page;
    // A day later the days of the table are others: the next answer of the server brings its own.
    if (!table || app.freshness.now() >= table.until) return null;
    const { type, like } = table.days[settings.days.indexOf(day)] || {};
    const forecast = table.zones[zone]?.[like];
    return forecast ? { forecast, type } : null;
  };

  const titleOf = (wording, zone) =>
    app.wording.fill(wording.title, { zone: page.texts.zone_in_title[zone] });

  /** What is said of an hour, as components/forecast_words.py says it; null where the table has no
      such hour, day or zone. */
  const ofHour = ({ hour, day, date }, zone) => {
    const { texts } = page;
    const found = inTable(zone, day);
    if (!found?.forecast.status[hour]) return null;
    const { forecast, type } = found;
    const when = app.moment.words({ kind: "hour", date, hour });
    const { basis } = forecast;
    return {
      title: titleOf(texts.forecast, zone),
      answer: hourAnswer(forecast, { hour, type, when }, texts),
      note: app.wording.basisNote(basis[basis.length > 1 ? hour : 0], texts),
      strip: stripOf(forecast, texts),
    };
  };

  const placeOf = (zone) => page.settings.zoneChoices.indexOf(zone);

  const without = (title, words, note = "") => ({
    title,
    answer: [component("P", words, "answer-problem")],
    note,
  });

  /** What is said of now: what is observed. */
  const ofNow = (zone) => {
    const { snapshot, texts, settings } = page;
    const { fill, quantity, when } = app.wording;
    const { moment: wording } = texts;
    const title = titleOf(wording, zone);
    const observed = snapshot?.zones[placeOf(zone)];
    if (!observed) return without(title, snapshot ? wording.observed_none : texts.freshness.waiting);
    const [status, comparison, minutes] = observed;
    const usual = texts.usual_sentence[settings.map.comparisons[comparison]];
    const line = lineOf(fill(wording.observed, { status: texts.zone_status[status] }), status, true, [
      [fill(wording.lost, { delay: quantity(minutes, "minute") }), "answer-probability"],
      ...(usual ? [[usual, "answer-when"]] : []),
    ]);
    const seen = when(snapshot.observed_at, app.freshness.now(), texts);
    const note = fill(wording.observed_note, { when: seen });
    return { title, answer: [line], note };
  };

  /** What is said of a lead time: the forecast of the next hour. */
  const ofLead = (moment, zone) => {
    const { nextHour, settings, texts } = page;
    const { fill, quantity, chance, isFirm, basisNote } = app.wording;
    const title = titleOf(texts.forecast, zone);
    const { kind, note } = app.nowcast.told();
    if (kind !== "ready") return without(title, note);
    const lead = settings.nowcast.leadMinutes.indexOf(moment.minutes);
    const told = nextHour.zones[placeOf(zone)]?.[lead];
    if (!told) return without(title, texts.nowcast.road_unknown);
    const [status, probability, ...lost] = told;
    const firm = isFirm(100 * probability);
    const [delay, low, high] = lost.map((minutes) => quantity(minutes, "minute"));
    const words = texts[firm ? "zone_status" : "zone_status_leaning"][status];
    const line = lineOf(fill(texts.forecast.answer, { status: words }), status, firm, [
      [fill(texts.forecast.probability, { percent: chance(probability, texts) }), "answer-probability"],
      [app.moment.words(moment), "answer-when"],
    ]);
    const band = component("P", fill(texts.moment.lost_band, { delay, low, high }), "probabilities");
    return { title, answer: [line, band], note: basisNote(nextHour.basis, texts) };
  };

  /** Columns of the strip, as components/forecast_words.py makes them, each to its buttons. */
  const writeStrip = (columns) => {
    const [hours = []] = columns;
    const buttons = hours.map((_, hour) => [
      `strip-hour-${hour}`,
      Object.fromEntries(STRIP_PROPERTIES.map((name, place) => [name, columns[place][hour]])),
    ]);
    app.write({ [STRIP]: { hidden: !hours.length }, ...Object.fromEntries(buttons) });
  };

  /** Which hour is chosen, and where the tabulator stops: there, or at the coming hour. */
  const markStrip = () => {
    const { coming, moment } = page;
    const chosen = moment.kind === "hour" ? moment.hour : null;
    const stop = chosen ?? coming.hour;
    const hours = Array.from({ length: 24 }, (_, hour) => [
      `strip-hour-${hour}`,
      {
        "aria-pressed": String(hour === chosen),
        tabindex: hour === stop ? "0" : "-1",
        hidden: !app.moment.isOffered(hour),
      },
    ]);
    app.write(Object.fromEntries(hours));
  };

  /** Write an answer; null is a title or note that stays. What says the same is left in peace: a
      sentence that is written is read aloud. */
  const tell = ({ title, answer, note }) => {
    const region = document.getElementById("forecast-answer");
    if (!region) return;
    const words = Object.entries({ "forecast-title": title, "forecast-note": note });
    app.write(Object.fromEntries(words.map(([id, text]) => [id, text === null ? {} : { text }])));
    const told = JSON.stringify(answer);
    if (state.told === told && state.region === region) return;
    Object.assign(state, { told, region });
    region.replaceChildren(...answer.map(app.made));
  };

  /** Ask the server for the hour chosen; until it has answered nothing else is called the answer. */
  const ask = ({ date, hour }, zone) => {
    const asked = [date, hour, zone].join(" ");
    const { forecast: wording } = page.texts;
    const isAgain = state.asked === asked;
    if (isAgain && Date.now() - state.askedAt < ASK_AGAIN_MS) return;
    tell(without(titleOf(wording, zone), isAgain ? wording.unanswered : wording.waiting));
    Object.assign(state, { asked, askedAt: Date.now() });
    window.dash_clientside.set_props("forecast-question", { data: Date.now() });
  };

  const update = () => {
    const { moment, settings } = page;
    if (!page.coming || !settings || !page.frame) return;
    const zone = app.moment.zoneTold();
    const strip = inTable(zone, app.moment.dayShown());
    if (strip) writeStrip(stripOf(strip.forecast, page.texts));
    markStrip();
    if (moment.kind === "hour") {
      const told = ofHour(moment, zone);
      if (!told) {
        ask(moment, zone);
        return;
      }
      tell(told);
    } else {
      tell(moment.kind === "now" ? ofNow(zone) : ofLead(moment, zone));
    }
    state.asked = null;
  };

  callbacks.forecastAnswered = ({ strip, ...answered }) => {
    state.asked = null;
    tell(answered);
    if (strip !== null) writeStrip(strip);
  };

  /** The server gives a sign of life: what it was asked for in vain is asked again. */
  const retry = () => {
    if (state.asked !== null) update();
  };

  /** Keys of the strip: one hour on or back, or to an end; an hour is chosen by pressing it. */
  const STEPS = {
    ArrowLeft: (hour) => hour - 1,
    ArrowUp: (hour) => hour - 1,
    ArrowRight: (hour) => hour + 1,
    ArrowDown: (hour) => hour + 1,
    Home: () => 0,
    End: () => 23,
  };

  document.addEventListener("keydown", (event) => {
    const hour = event.target.closest?.(`#${STRIP} button`)?.dataset.hour;
    const step = STEPS[event.key];
    if (hour === undefined || !step) return;
    event.preventDefault();
    const buttonAt = (place) => document.getElementById(`strip-hour-${place}`);
    let place = step(Number(hour));
    // The hour that summer time begins with is not there.
    if (buttonAt(place)?.hidden) place = step(place);
    const next = buttonAt(place);
    if (!next) return;
    document.querySelector(`#${STRIP} [tabindex="0"]`)?.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });

  app.forecast = { inTable, ofHour, ofNow, retry, tell };
  const CONCERNED = ["frame", "moment", "zone", "coming", "zoneTable", "snapshot", "nextHour"];
  app.follow(CONCERNED, update);
})();
