/* The replay of a stored day: fetches the day, plays it on the map (assets/trends_map.js) and along its
   curve, hears buttons and keys, and keeps day, time and speed in the address. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;
  const { replayPlayer: player, replayChart: chart, trendsCursor: cursor } = app;

  const BY = "replay";
  const DAY_PARAMETER = "jour";
  const TIME_PARAMETER = "t";
  const DAY_MS = 86400000;
  const STEP_S = 60;
  const KEEP_ADDRESS_MS = 1000;
  // Between two frames slider, clock and cursor move no more often: each costs a picture of the page.
  const TELL_EVERY_MS = 100;
  const SETS = ["isPlaying", "isLoop", "speed", "from", "to"];
  const SLIDER = "replay-slider";
  // Where the space key has a use of its own.
  const OWN_SPACE = "a, button, select, textarea, summary, input:not([type='range'])";
  const stillness = window.matchMedia("(prefers-reduced-motion: reduce)");

  const state = {
    settings: null,
    // The day that is asked for, as 2026-11-24, what came of it, and what plays it.
    asked: null,
    day: null,
    play: null,
    // The place of the frame that is told of, and the picture that is to come while it plays.
    place: null,
    frame: null,
    lastMs: null,
    toldMs: 0,
    addressTimer: null,
  };

  const element = (id) => document.getElementById(id);
  const words = () => page.texts.replay;
  const shifted = (day, days) => new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
  const say = (text) => app.write({ "replay-message": { text, hidden: text === "" } });

  /** The network at the place of a frame, in words. */
  const levelWords = (place) => {
    const { day } = state;
    if (day.isGap(place)) return words().no_data;
    const level = day.levels[place];
    if (level === null) return words().level_unknown;
    return app.wording.fill(words().level, { level: app.dayChart.levelOf(level) });
  };

  const tellMoment = () => {
    const { play, day } = state;
    const place = day.placeAt(play.at);
    const time = app.wording.time(play.at);
    element(SLIDER).value = String(play.at);
    app.write({ "replay-time": { text: time } });
    if (place !== state.place) {
      state.place = place;
      app.write({
        "replay-level": { text: levelWords(place) },
        [SLIDER]: { "aria-valuetext": `${time}, ${levelWords(place)}` },
      });
    }
    chart.moveTo(play.at);
    cursor.tellTime(play.at, BY);
  };

  const tellControls = () => {
    const { play } = state;
    const [from, to] = [play.from, play.to].map(app.wording.time);
    const isRange = play.isLoop && (play.from > play.start || play.to < play.until);
    app.write({
      "replay-play": {
        text: play.isPlaying ? words().pause : words().play,
        className: `replay-button replay-play replay-play--${play.isPlaying ? "on" : "off"}`,
      },
      "replay-loop": { "aria-pressed": String(play.isLoop) },
      "replay-range": { text: isRange ? app.wording.fill(words().range, { from, to }) : "" },
    });
    player.SPEEDS.forEach((speed) =>
      app.write({ [`replay-speed-${speed}`]: { "aria-pressed": String(speed === play.speed) } }),
    );
    chart.shade(play);
  };

  const keepAddress = () => {
    window.clearTimeout(state.addressTimer);
    state.addressTimer = null;
    if (!element(SLIDER)) return;
    const { search } = window.location;
    const asked = new URLSearchParams(state.play ? player.write(state.play, search) : search);
    asked.set(DAY_PARAMETER, state.asked);
    // Colons stay readable.
    window.dash_clientside.trends.keep(`?${asked.toString().replaceAll("%3A", ":")}`);
  };

  /** The address follows once in a while: browsers bear no more. */
  const followAddress = () => {
    state.addressTimer ??= window.setTimeout(keepAddress, KEEP_ADDRESS_MS);
  };

  /** What is played has changed, by time or by hand. */
  const become = (play) => {
    const before = state.play;
    state.play = play;
    tellMoment();
    if (SETS.some((name) => before[name] !== play[name])) tellControls();
    followAddress();
    if (play.isPlaying && state.frame === null) {
      state.lastMs = null;
      state.frame = window.requestAnimationFrame(tick);
    }
  };

  function tick(nowMs) {
    const { play, lastMs } = state;
    Object.assign(state, { frame: null, lastMs: nowMs });
    if (!play?.isPlaying || !state.day || !element(SLIDER)) return;
    state.frame = window.requestAnimationFrame(tick);
    if (lastMs === null) return;
    const next = player.advance(play, nowMs - lastMs);
    const isNews = !next.isPlaying || state.day.placeAt(next.at) !== state.place;
    if (isNews || nowMs - state.toldMs >= TELL_EVERY_MS) {
      state.toldMs = nowMs;
      become(next);
    } else {
      state.play = next;
    }
  }

  const seek = (at) => become(player.seek({ ...state.play, isPlaying: false }, at));

  const tellDay = () => {
    const { day, asked, settings } = state;
    app.write({
      "replay-title": { text: app.trendsMap.titleOf(asked, settings.today) },
      "replay-simulated": { hidden: day?.source !== "demo" },
      "replay-archive": { hidden: day?.source !== "archive" },
      "replay-sentence": { text: day ? chart.sentence(day, words()) : "" },
      "replay-time": { text: "" },
      "replay-level": { text: "" },
    });
    ["replay-bar", "replay-controls"].forEach((id) => (element(id).disabled = !day));
    element("replay-next").disabled = asked >= settings.today;
    const field = element("replay-day");
    if (field.value !== asked) field.value = asked;
  };

  /** The day is there. One that comes after another is looked at as that was: at the same time of
      the clock, as far as both have it, and at the same speed. */
  const take = (day, before) => {
    const begun = player.begin(day);
    const play = before
      ? player.read({ ...begun, speed: before.speed }, player.write(before, ""))
      : player.read(begun, window.location.search);
    const isTimeAsked = new URLSearchParams(window.location.search).has(TIME_PARAMETER);
    const isPlaying = before ? before.isPlaying : !isTimeAsked && !stillness.matches;
    Object.assign(state, { day, play, place: null });
    Object.assign(element(SLIDER), { min: day.start, max: day.until, step: STEP_S });
    tellDay();
    say("");
    chart.draw(day);
    app.trendsMap.show(day);
    tellControls();
    become({ ...play, isPlaying });
  };

  /** Play a day. What plays stops until it is there. */
  const choose = async (asked) => {
    const before = state.play;
    Object.assign(state, { asked, day: null });
    app.trendsMap.show(null);
    chart.clear();
    tellDay();
    say(words().loading);
    keepAddress();
    const isWanted = () => asked === state.asked && element(SLIDER) !== null;
    const url = state.settings.dayUrl.replace("{day}", asked);
    try {
      const day = await app.storedDay.load(url, isWanted, () => say(words().computing));
      if (day) take(day, before);
    } catch (error) {
      if (isWanted()) say(app.storedDay.why(error, words()));
    }
  };

  const input = (type, id, label) => {
    const field = Object.assign(app.element("input"), { type, id });
    field.setAttribute("aria-label", label);
    return field;
  };

  /** The fields that Dash has no component for which leaves them alone. */
  const makeFields = () => {
    const slider = input("range", SLIDER, words().slider);
    slider.addEventListener("input", () => state.day && seek(Number(slider.value)));
    element("replay-slider-box").replaceChildren(slider);
    const day = input("date", "replay-day", words().day);
    day.max = state.settings.today;
    day.addEventListener("change", () => {
      if (day.value && day.value !== state.asked) choose(day.value);
    });
    element("replay-day-box").replaceChildren(day);
  };

  const redraw = () => {
    if (!state.day || !element(SLIDER)) return;
    chart.draw(state.day);
    chart.moveTo(state.play.at);
    chart.shade(state.play);
  };

  const widths = new ResizeObserver(redraw);

  /** The cursor of the curve can be dragged. */
  const followPointer = () => {
    const box = element("replay-chart");
    box.addEventListener("pointerdown", (event) => {
      if (!state.day || event.button !== 0) return;
      box.setPointerCapture(event.pointerId);
      seek(chart.timeAt(event));
    });
    box.addEventListener("pointermove", (event) => {
      if (state.day && box.hasPointerCapture(event.pointerId)) seek(chart.timeAt(event));
    });
    widths.disconnect();
    widths.observe(box);
  };

  const press = {
    "replay-play": player.toggle,
    "replay-loop": player.toggleLoop,
    "replay-loop-from": player.loopFromHere,
    "replay-loop-to": player.loopToHere,
    ...Object.fromEntries(
      player.SPEEDS.map((speed) => [`replay-speed-${speed}`, (play) => ({ ...play, speed })]),
    ),
  };
  const turn = { "replay-previous": -1, "replay-next": 1 };

  document.addEventListener("click", ({ target }) => {
    const id = target.closest?.("button")?.id;
    if (id in turn) choose(shifted(state.asked, turn[id]));
    else if (state.day && id in press) become(press[id](state.play));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || !state.day || !element(SLIDER)) return;
    if (event.target.closest?.(OWN_SPACE)) return;
    event.preventDefault();
    become(player.toggle(state.play));
  });

  /** Another view looks at a time. */
  cursor.onTime(BY, ({ epoch_s: at }) => state.day && seek(at));

  /** The replay has come to the page. */
  window.dash_clientside.traffic.startReplay = ({ map, texts, ...settings }) => {
    Object.assign(state, { settings, day: null, play: null });
    Object.assign(page, { settings, texts });
    makeFields();
    followPointer();
    app.trendsMap.start(map);
    choose(settings.day);
    return true;
  };
})();
