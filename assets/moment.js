/* The one moment that the page shows, and the zone: who chooses another, and what becomes of a
   moment as time passes. Whatever shows a moment follows it. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;
  const { traffic: callbacks } = window.dash_clientside;

  const HOUR_S = 3600;
  const DAY_MS = 86400000;
  const DAYS_A_WEEK = 7;
  const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
  const NOW = { kind: "now" };
  const MESSAGE = "page-message";

  // How many hours the selector offers, and the frame that it lies in.
  const hoursOf = { frame: null, count: HOURS.length };

  const set = (id, props) => {
    if (document.getElementById(id)) window.dash_clientside.set_props(id, props);
  };

  const isSame = (one, other) =>
    ["kind", "minutes", "date", "hour"].every((name) => one[name] === other[name]);

  const later = (date, days) =>
    new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, "2026-12-31".length);

  /** How many days a day of the week is ahead of today. */
  const daysAhead = (day, today, days) =>
    (days.indexOf(day) - days.indexOf(today) + DAYS_A_WEEK) % DAYS_A_WEEK;

  /** The next day of a name, today included. */
  const dateOf = (day) => later(page.coming.date, daysAhead(day, page.coming.today, page.settings.days));

  /** Today and the hour that begins next, in the city. */
  const comingAt = (epochSeconds, days) => {
    const [here, next] = [0, HOUR_S].map((ahead) => app.wording.weekHour(epochSeconds + ahead));
    return { hour: next.hour, day: days[next.day], today: days[here.day], date: here.date };
  };

  const isPast = ({ date, hour }, epochSeconds) => {
    const here = app.wording.weekHour(epochSeconds);
    return date < here.date || (date === here.date && hour < here.hour);
  };

  const hourText = (hour) => app.wording.fill(page.texts.moment.hour, { hour });

  /** Which moment it is, in words. */
  const words = (moment) => {
    const { moment: wording, nowcast } = page.texts;
    const { fill, longDay, quantity, time } = app.wording;
    if (moment.kind === "now") return wording.now;
    if (moment.kind === "hour") {
      return fill(wording.when_hour, { date: longDay(moment.date, page.texts), hour: hourText(moment.hour) });
    }
    const { minutes } = moment;
    const lead = fill(nowcast.lead_spoken, { duration: quantity(minutes, "minute", "long") });
    const from = page.nextHour?.observed_at;
    return from === undefined
      ? lead
      : fill(wording.when_ahead, { lead, time: time(from + 60 * minutes) });
  };

  /** The day whose hours the strip shows. */
  const dayShown = () => (page.moment.kind === "hour" ? page.moment.day : page.coming.today);

  /** Whether the clocks of the day shown show an hour. */
  const isOffered = (hour) => {
    const date = page.moment.kind === "hour" ? page.moment.date : page.coming.date;
    return app.wording.isOnClock({ date, hour });
  };

  /** An hour with its date; where summer time begins with it, the one that the clocks go on to. */
  const dated = (wanted) => {
    const asked = { ...wanted, date: wanted.date ?? dateOf(wanted.day) };
    if (app.wording.isOnClock(asked)) return asked;
    const moment = { ...asked, hour: asked.hour + 1 };
    say(app.wording.fill(page.texts.moment.skipped, { when: words(asked), hour: hourText(moment.hour) }));
    return moment;
  };

  const choose = (wanted) => {
    const moment = wanted.kind === "hour" ? dated(wanted) : wanted;
    if (isSame(moment, page.moment)) return;
    // One that is past already was chosen as such.
    const wasPast = moment.kind === "hour" && isPast(moment, app.freshness.now());
    app.change({ moment: { ...moment, wasPast } });
  };

  /** Look at a zone, null for all; the map goes there unless it is told to stay. */
  const chooseZone = (zone, { goesThere = true } = {}) => {
    if (zone !== page.zone) app.change({ zone });
    if (goesThere) app.zoneOnMap.fit();
  };

  const wholeZone = () => page.settings.zoneChoices.at(-1);

  /** The zone whose answer is shown: where none is looked at, the whole network. */
  const zoneTold = () => page.zone ?? wholeZone();

  /** Say something once; it stays until it is closed. */
  const say = (text) => {
    app.write({ [`${MESSAGE}-text`]: { text }, [MESSAGE]: { hidden: text === "" } });
  };

  /** A selector was changed by the visitor. */
  const SELECTORS = {
    "forecast-hour": (hour) =>
      hour !== "" && choose({ kind: "hour", day: dayShown(), hour: Number(hour) }),
    "forecast-day": (day) => {
      const hour = page.moment.kind === "hour" ? page.moment.hour : page.coming.hour;
      if (day !== dayShown()) choose({ kind: "hour", day, hour });
    },
    "forecast-zone": (told) => {
      const zone = told === wholeZone() ? null : told;
      if (zone !== page.zone) chooseZone(zone);
    },
  };

  document.addEventListener("change", ({ target }) => {
    if (page.coming) SELECTORS[target.id]?.(target.value);
  });

  /** What the selectors show. */
  const selected = () => ({
    "forecast-hour": page.moment.kind === "hour" ? String(page.moment.hour) : "",
    "forecast-day": dayShown(),
    "forecast-zone": zoneTold(),
  });

  /** Dash says what they show, which nobody has to have chosen: where Plotly's script fails it draws
      them anew as they were at first. */
  callbacks.selectorsDrawn = (hour, day, zone) => {
    if (!page.coming) return;
    const drawn = { "forecast-hour": hour, "forecast-day": day, "forecast-zone": zone };
    Object.entries(selected()).forEach(([id, value]) => {
      if (drawn[id] !== value) set(id, { value });
    });
  };

  const buttonOf = ({ kind, minutes = 0 }) => (kind === "hour" ? null : `moment-${minutes}`);

  const writeControl = () => {
    const { moment, settings } = page;
    if (!page.coming || !page.frame) return;
    const pressed = buttonOf(moment);
    const leads = [0, ...settings.nowcast.leadMinutes].map((minutes) => `moment-${minutes}`);
    app.write(
      Object.fromEntries(leads.map((id) => [id, { "aria-pressed": String(id === pressed) }])),
    );
    app.write({ "map-frame": { "data-moment": moment.kind } });
    writeHours();
    Object.entries(selected()).forEach(([id, value]) => {
      if (document.getElementById(id)?.value !== value) set(id, { value });
    });
  };

  /** The hours of the day shown; the page comes with all of them. */
  const writeHours = () => {
    const offered = HOURS.filter(isOffered);
    const { frame } = page;
    const before = hoursOf.frame === frame ? hoursOf.count : HOURS.length;
    Object.assign(hoursOf, { frame, count: offered.length });
    if (before === offered.length) return;
    const options = offered.map((hour) => ({ value: String(hour), label: hourText(hour) }));
    set("forecast-hour", { options });
  };

  const dayOptions = ({ today }) => {
    const { settings, texts } = page;
    const { days } = settings;
    const start = days.indexOf(today);
    return days.map((_, ahead) => {
      const day = days[(start + ahead) % DAYS_A_WEEK];
      const name = app.wording.weekday(days.indexOf(day));
      const wordings = [texts.moment.today, texts.moment.tomorrow];
      return { value: day, label: app.wording.fill(wordings[ahead] || "{day}", { day: name }) };
    });
  };

  /** As time passes: now goes on by itself, and an hour that has passed gives way to it. */
  const followTime = (serverTime) => {
    const { coming: before, moment } = page;
    const coming = comingAt(serverTime, page.settings.days);
    if (before?.date !== coming.date || before.hour !== coming.hour) app.change({ coming });
    // The page comes with the options of the day it is loaded on.
    if (before && before.date !== coming.date) {
      set("forecast-day", { options: dayOptions(coming), value: dayShown() });
    }
    const isOver = moment.kind === "hour" && isPast(moment, serverTime);
    if (isOver && (!moment.wasPast || moment.date < coming.date)) {
      choose(NOW);
      say(app.wording.fill(page.texts.moment.passed, { when: words(moment) }));
    }
  };

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button?.dataset.ahead) {
      const minutes = Number(button.dataset.ahead);
      choose(minutes ? { kind: "ahead", minutes } : NOW);
    } else if (button?.dataset.hour) {
      choose({ kind: "hour", day: dayShown(), hour: Number(button.dataset.hour) });
    } else if (button?.id === `${MESSAGE}-close`) {
      say("");
    }
  });

  app.follow(["moment", "zone", "coming", "frame"], writeControl);
  app.moment = {
    NOW,
    choose,
    chooseZone,
    comingAt,
    dayShown,
    followTime,
    hourText,
    isOffered,
    say,
    words,
    zoneTold,
  };
})();
