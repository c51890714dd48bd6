/* The roads of another moment than now, and the banner that says so. Those of an hour are asked of
   the server, each once; those of the next hour come with its document. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;
  const { traffic: callbacks } = window.dash_clientside;

  const state = {
    // The hour that the server is asked for, and the timer that gives it up.
    asked: null,
    timer: null,
    // Answers of one model on one network, by day and hour: 168 of two kilobytes at most.
    answers: new Map(),
    askedOn: null,
    origin: null,
    // Version of the network that they belong to.
    network: null,
  };

  const keyOf = ({ day, hour }) => `${day} ${hour}`;

  const bannerText = ({ moment, state: kind, answer, problem }) => {
    const { map_forecast: wording } = page.texts;
    const when = app.moment.words(moment);
    if (kind !== "ready") return app.wording.fill(wording[kind], { when, problem });
    const basis = app.wording.basis(answer.basis, page.texts);
    return [app.wording.fill(wording.banner, { when, basis }), answer.note].filter(Boolean).join(" · ");
  };

  /** Why nothing is told yet, or at all, of the roads at the moment chosen; null where it is. */
  const pending = () => {
    const { forecast } = page;
    return forecast && forecast.state !== "ready" ? bannerText(forecast) : null;
  };

  const writeBanner = () => {
    const { forecast, frame } = page;
    if (!frame) return;
    app.write({
      "map-banner": { hidden: !forecast, text: forecast ? bannerText(forecast) : "" },
      "map-frame": { "data-shown": forecast ? forecast.state : "ready" },
    });
  };

  /** Have the page show what there is of the moment chosen: `ready` with an answer, its codes and
      which of them are not firm; `waiting`; `unanswered`; `missing`, with the problem. */
  const show = (kind, key, more = {}) => {
    const { forecast, moment } = page;
    if (forecast?.state === kind && forecast.key === key) return;
    app.change({ forecast: { moment, state: kind, key, ...more } });
  };

  const showAnswer = (answer, key, { codes, leaning }) =>
    show("ready", key, { answer, codes, leaning, isPainted: false });

  const momentKey = ({ kind, minutes, date, hour }) => [kind, minutes, date, hour].join(" ");

  /** The roads at a lead time; until those of the newest snapshot are there, those of the one before. */
  const showLead = (moment) => {
    const { nextHour, settings, snapshot } = page;
    const key = momentKey(moment);
    const { kind, note } = app.nowcast.told();
    if (kind === "waiting") return show("waiting", key);
    if (kind !== "ready") return show("missing", `${key} ${kind}`, { problem: note });
    const roads = app.nowcast.roadsTold() ?? page.nextHourRoads;
    if (!roads || roads.network !== snapshot?.network) return show("waiting", key);
    const lead = settings.nowcast.leadMinutes.indexOf(moment.minutes);
    const origin = { basis: nextHour.basis, network: roads.network, minutes: moment.minutes, lead };
    return showAnswer({ ...roads.leads[lead], ...origin }, `${key} ${roads.version}`, roads.codes[lead]);
  };

  const giveUp = () => {
    state.asked = null;
    update();
    if (page.forecast?.state === "waiting") show("unanswered", page.forecast.key);
  };

  /** Ask for the hour that is chosen; while an answer is under way, the next question waits. */
  const ask = ({ day, hour }) => {
    if (state.asked !== null) return;
    state.asked = keyOf({ day, hour });
    window.clearTimeout(state.timer);
    state.timer = window.setTimeout(giveUp, app.PATIENCE_MS);
    window.dash_clientside.set_props("map-forecast-request", { data: { day, hour } });
  };

  const showHour = (moment) => {
    const { snapshot } = page;
    // A day of the week is another date a week later, and a network has answers of its own.
    if (state.askedOn !== page.coming.date || state.network !== snapshot?.network) {
      state.answers.clear();
    }
    Object.assign(state, { askedOn: page.coming.date, network: snapshot?.network });
    const known = state.answers.get(keyOf(moment));
    const key = momentKey(moment);
    if (known?.problem) return show("missing", `${key} ${known.problem}`, known);
    if (known) {
      const codes = app.forecastCodes(known.statuses, known.counts);
      return showAnswer(known, `${key} ${state.origin}`, codes);
    }
    // What was said of it already stays until there is more to say.
    if (!page.forecast?.key.startsWith(key)) show("waiting", key);
    return ask(moment);
  };

  const update = () => {
    const { moment, coming } = page;
    if (!coming) return;
    if (moment.kind === "now") {
      if (page.forecast) app.change({ forecast: null });
    } else if (moment.kind === "ahead") showLead(moment);
    else showHour(moment);
  };

  callbacks.mapForecastAnswered = (answer) => {
    window.clearTimeout(state.timer);
    const { asked } = state;
    state.asked = null;
    if (answer.problem) {
      state.answers.set(asked, answer);
    } else {
      const origin = `${answer.model} ${answer.network}`;
      if (origin !== state.origin) state.answers.clear();
      state.origin = origin;
      state.answers.set(keyOf(answer), answer);
    }
    // The map follows choice by choice, and ends where the choosing ended.
    update();
  };

  /** A problem may be over: with each snapshot the server is asked anew. */
  const forgetProblems = () => {
    [...state.answers].filter(([, { problem }]) => problem).forEach(([key]) => state.answers.delete(key));
  };

  app.follow(["snapshot"], forgetProblems);
  app.follow(["moment", "coming", "snapshot", "nextHour", "nextHourRoads"], update);
  app.follow(["forecast", "nextHour", "frame"], writeBanner);
  app.mapForecast = { pending, update };
})();
