/* The forecast on the map: one request at a time, each hour asked for once, and the banner. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;
  const { traffic: callbacks } = window.dash_clientside;

  // As callbacks/live/map_forecast.py: added to the code of a status that is not firm.
  const LEANING = 4;

  const state = {
    isOn: false,
    wanted: null,
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

  const hourText = (hour) => app.wording.fill(page.texts.map_forecast.hour, { hour });

  const momentWords = ({ day, hour }) => ({
    day: app.wording.weekday(page.settings.days.indexOf(day)),
    hour: hourText(hour),
  });

  const writeBar = () => {
    const { isOn, wanted } = state;
    app.write({
      "map-now": { "aria-pressed": String(!isOn) },
      "map-forecast": { "aria-pressed": String(isOn) },
      "map-time-choice": { hidden: !isOn },
      "map-frame": { className: isOn ? "map-frame map-frame--forecast" : "map-frame" },
      "map-banner": { hidden: !isOn },
      "map-hour-text": { text: hourText(wanted.hour) },
      "map-hour": { "aria-valuetext": hourText(wanted.hour) },
    });
  };

  const writeBanner = (moment, wording, { basis = "", note = "" } = {}) =>
    app.write({
      "map-banner-text": { text: app.wording.fill(wording, { ...momentWords(moment), basis }) },
      "map-banner-note": { text: note ? ` · ${note}` : "" },
    });

  const backToNow = (problem = "") => {
    state.isOn = false;
    writeBar();
    app.write({ "map-forecast-problem": { text: problem } });
    if (page.forecast) app.change({ forecast: null });
  };

  const show = (answer) => {
    const basis = app.wording.basis(answer.basis, page.texts);
    writeBanner(answer, page.texts.map_forecast.banner, { basis, note: answer.note });
    const packed = app.unpackStatuses(answer.statuses, app.segmentsOf(answer));
    const codes = packed.map((code) => (code > LEANING ? code - LEANING : code));
    const leaning = new Set();
    packed.forEach((code, id) => code > LEANING && leaning.add(id));
    app.change({ forecast: { answer, codes, leaning, isPainted: false } });
  };

  const giveUp = () => {
    state.asked = null;
    if (state.isOn) backToNow(page.texts.map_forecast.unreachable);
  };

  /** Show what is wanted, or ask for it; while an answer is under way, the next one waits. */
  const follow = () => {
    // A day of the week is another date a week later. Today is the city's, not the browser's.
    const { today } = page.moment;
    if (state.askedOn !== today) state.answers.clear();
    state.askedOn = today;
    const known = state.answers.get(keyOf(state.wanted));
    if (known) {
      show(known);
      return;
    }
    if (state.asked !== null) return;
    state.asked = keyOf(state.wanted);
    state.timer = window.setTimeout(giveUp, app.PATIENCE_MS);
    window.dash_clientside.set_props("map-forecast-request", { data: { ...state.wanted } });
  };

  const enter = (day, hour) => {
    state.wanted = { day, hour: Number(hour) };
    const isNew = !state.isOn;
    state.isOn = true;
    writeBar();
    app.write({ "map-forecast-problem": { text: "" } });
    // Until the answer is there the map shows something else: nothing may call that a forecast.
    if (isNew) writeBanner(state.wanted, page.texts.map_forecast.loading);
    follow();
  };

  callbacks.chooseMapMoment = (_now, _forecast, day, hour) => {
    const { triggered_id: what } = window.dash_clientside.callback_context;
    if (what === "map-now") {
      state.wanted = { day, hour: Number(hour) };
      backToNow();
    } else if (what === "map-forecast" || state.isOn) {
      enter(day, hour);
    }
  };

  /** From the forecast card: the same day and hour, on the map. */
  callbacks.showForecastOnMap = (_clicks, day, hour) => {
    document.getElementById("map-frame").scrollIntoView({ block: "nearest" });
    enter(day, hour);
    return [day, Number(hour)];
  };

  callbacks.mapForecastAnswered = (answer) => {
    window.clearTimeout(state.timer);
    state.asked = null;
    if (answer.problem) {
      if (state.isOn) backToNow(answer.problem);
      return;
    }
    const origin = `${answer.model} ${answer.network}`;
    if (origin !== state.origin) state.answers.clear();
    state.origin = origin;
    state.answers.set(keyOf(answer), answer);
    if (!state.isOn) return;
    // The map follows a drag answer by answer, and ends where the drag ended.
    show(answer);
    if (keyOf(answer) !== keyOf(state.wanted)) follow();
  };

  /** Once the network has changed, what is known belongs to the one before. */
  const checkNetwork = () => {
    const { network } = page.snapshot;
    if (state.network === network) return;
    state.network = network;
    state.answers.clear();
    if (state.isOn) follow();
  };

  app.follow(["snapshot"], checkNetwork);
  app.mapForecast = { momentWords };
})();
