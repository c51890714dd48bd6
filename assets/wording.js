/* Numbers, units, times and plurals as people read them, by the browser's own Intl, as
   services/base/formats.py writes them on the server; the words come from the page's texts. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const MINUTE_S = 60;
  const HOUR_S = 3600;
  const DAY_S = 86400;
  const DAYS_PER_MONTH = 365.25 / 12;
  const DAYS_PER_YEAR = 365.25;
  const METRES_PER_KM = 1000;
  const NO_BREAK = "\u00A0";
  // From here on a delay is told in minutes alone.
  const LONG_DELAY_S = 300;
  // The least that is rounded to a certainty, in hundredths.
  const BELOW_CERTAINTY = 0.995;

  /** Fill the names in braces of a text. */
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

  const language = () => document.documentElement.lang || "fr";

  // Making a formatter takes longer than using it a thousand times.
  const formatters = new Map();
  const formatter = (Kind, options, locale = language()) => {
    const key = `${Kind.name} ${locale} ${JSON.stringify(options)}`;
    if (!formatters.has(key)) formatters.set(key, new Kind(locale, options));
    return formatters.get(key);
  };

  const number = (value, decimals = 0) =>
    formatter(Intl.NumberFormat, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    }).format(value);

  /** Shares here are whole percents, as refreshes carry them. */
  const percent = (value) => formatter(Intl.NumberFormat, { style: "percent" }).format(value / 100);

  /** A signed share: the sign is part of what is said. */
  const extraPercent = (value) =>
    formatter(Intl.NumberFormat, { style: "percent", signDisplay: "exceptZero" }).format(
      value / 100,
    );

  /** A probability from 0 to 1: only a certainty reads 0 or 100. */
  const chance = (share, texts) => {
    const nearest = Math.round(share * 100);
    if (nearest === 100 && share < 1) return fill(texts.unit.almost_all, { percent: percent(99) });
    if (nearest === 0 && share > 0) return fill(texts.unit.almost_none, { percent: percent(1) });
    return percent(nearest);
  };

  /** One that was forecast, and rounded to hundredths on its way: nothing forecast is certain. */
  const roundedChance = (share, texts) => chance(Math.min(share, BELOW_CERTAINTY), texts);

  /** A whole number with its unit; the name of the unit in full, where that is asked for. */
  const quantity = (value, unit, unitDisplay = "short") =>
    formatter(Intl.NumberFormat, {
      style: "unit",
      unit,
      unitDisplay,
      maximumFractionDigits: 0,
    }).format(value);

  const speed = (kmh) => quantity(kmh, "kilometer-per-hour");

  const kilometres = (metres) =>
    formatter(Intl.NumberFormat, {
      style: "unit",
      unit: "kilometer",
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
    }).format(metres / METRES_PER_KM);

  /** What the language calls a road that it has a word of its own for. */
  const localName = (name, texts) => texts.local_name[name] ?? name;

  /** Where a stretch leads, from where to where, and its length: what a driver would call it, from
      what services/traffic/stretch_wording.py gives. */
  const stretch = ([way, form, road, start, end, lengthM], texts) => ({
    way: fill(texts.stretch_way[way], { road: localName(road, texts) }),
    ends: fill(texts.stretch[form], {
      start: localName(start, texts),
      end: localName(end, texts),
    }),
    length: kilometres(lengthM),
  });

  const two = (count, whole, rest, restPerWhole) =>
    [
      [Math.floor(count / restPerWhole), whole],
      [count % restPerWhole, rest],
    ]
      .filter(([value]) => value > 0)
      .map(([value, unit]) => quantity(value, unit))
      .join(NO_BREAK);

  const duration = (seconds) => {
    const whole = Math.round(seconds);
    if (whole < MINUTE_S) return quantity(whole, "second");
    if (whole < LONG_DELAY_S) return two(whole, "minute", "second", MINUTE_S);
    return two(Math.round(seconds / MINUTE_S), "hour", "minute", HOUR_S / MINUTE_S);
  };

  const daysAgo = (days) => {
    const ago = (count, unit) =>
      formatter(Intl.RelativeTimeFormat, {}).format(-Math.floor(count), unit);
    if (days < DAYS_PER_MONTH) return ago(days, "day");
    if (days < DAYS_PER_YEAR) return ago(days / DAYS_PER_MONTH, "month");
    return ago(days / DAYS_PER_YEAR, "year");
  };

  /** How long ago something was, in one short phrase. */
  const age = (seconds, texts) => {
    if (seconds < MINUTE_S) return texts.age.now;
    if (seconds >= 2 * DAY_S) return daysAgo(seconds / DAY_S);
    const minutes = Math.floor(seconds / MINUTE_S);
    return fill(texts.age.ago, { duration: two(minutes, "hour", "minute", HOUR_S / MINUTE_S) });
  };

  /** A text that changes with a number, as services/base/texts has its plurals. */
  const counted = (forms, count, values) => {
    const form = forms[formatter(Intl.PluralRules, {}).select(count)] || forms.other;
    return fill(form, { ...values, count: number(count) });
  };

  /** That of the city, wherever the browser is. */
  const timeZone = () => (app.page.settings ?? app.page.header.settings).timeZone;

  /** What is asked for of a time, in the city. */
  const datePart = (epochSeconds, options) =>
    formatter(Intl.DateTimeFormat, { timeZone: timeZone(), ...options }).format(epochSeconds * 1000);

  /** Hours and minutes. */
  const time = (epochSeconds) =>
    datePart(epochSeconds, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

  /** A day with its month; the first of a month as the language has it (« 1er décembre »). */
  const dayAndMonth = (moment, options, texts) =>
    formatter(Intl.DateTimeFormat, { ...options, day: "numeric", month: "long" })
      .formatToParts(moment)
      .map(({ type, value }) =>
        type === "day" && value === "1" ? texts.calendar.first_day : value,
      )
      .join("");

  const date = (epochSeconds, nowSeconds, texts) => {
    const [year, thisYear] = [epochSeconds, nowSeconds].map((at) =>
      datePart(at, { year: "numeric" }),
    );
    const options = {
      timeZone: timeZone(),
      weekday: "long",
      ...(year === thisYear ? {} : { year: "numeric" }),
    };
    return dayAndMonth(epochSeconds * 1000, options, texts);
  };

  /** A day written as 2026-12-31; its year when that is not the one of today, written likewise; more
      of it by options as Intl has them. */
  const calendarDay = (written, today, texts, more = {}) => {
    const isOtherYear = written.slice(0, 4) !== today.slice(0, 4);
    const options = { timeZone: "UTC", ...(isOtherYear ? { year: "numeric" } : {}), ...more };
    return dayAndMonth(Date.parse(written), options, texts);
  };

  /** « à 12:43 », with its date when that is not today's, and its year when not this year's. */
  const when = (epochSeconds, nowSeconds, texts) => {
    const [day, today] = [epochSeconds, nowSeconds].map((at) => date(at, nowSeconds, texts));
    return fill(day === today ? texts.freshness.when_today : texts.freshness.when_earlier, {
      time: time(epochSeconds),
      date: day,
    });
  };

  /** A day written as 2026-12-31, by its day of the week and without its year. */
  const longDay = (written, texts) =>
    dayAndMonth(Date.parse(written), { timeZone: "UTC", weekday: "long" }, texts);

  /** The name of a day of the week, 0 for Monday. */
  const weekday = (day) =>
    formatter(Intl.DateTimeFormat, { timeZone: "UTC", weekday: "long" }).format(
      // A Monday, in 1970.
      (day + 4) * DAY_S * 1000,
    );

  /** Day of the week (0 is Monday), hour, and day as 2026-12-31, in the city at some time. */
  const weekHour = (epochSeconds) => {
    const options = {
      timeZone: timeZone(),
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      weekday: "short",
      hour: "2-digit",
      hourCycle: "h23",
    };
    const parts = formatter(Intl.DateTimeFormat, options, "en-GB").formatToParts(
      epochSeconds * 1000,
    );
    const part = (type) => parts.find((item) => item.type === type).value;
    const day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(part("weekday"));
    const written = ["year", "month", "day"].map(part).join("-");
    return { day, hour: Number(part("hour")), date: written };
  };

  /** Whether the city's clocks show an hour of a day: not the one that summer time begins with. */
  const isOnClock = (moment) => {
    const written = (at) => Date.parse(at.date) / 1000 + HOUR_S * at.hour;
    const asked = written(moment);
    // Offsets from universal time half a day before and after, one of which holds there.
    return [-DAY_S / 2, DAY_S / 2]
      .map((away) => asked - (written(weekHour(asked + away)) - (asked + away)))
      .some((at) => written(weekHour(at)) === asked);
  };

  /** What a forecast rests on, as components/forecast_words.py says it: in a few words, and as the
      sentence of a note. */
  const basisKind = ([origin, share]) =>
    origin === "initial" && share > 0 ? "initial_observed" : origin;
  const basis = (rests, texts) =>
    fill(texts.basis[basisKind(rests)], {
      share: chance(rests[1] / 100, texts),
      days: quantity(rests[2], "day", "long"),
    });
  const basisNote = (rests, texts) =>
    fill(texts.basis_note[basisKind(rests)], { basis: basis(rests, texts) });

  // As services/plain/forecast.py: the likeliest status is told firmly from this percentage on.
  const FIRM_PERCENT = 50;
  const isFirm = (told) => Math.round(told) >= FIRM_PERCENT;

  app.wording = {
    basis,
    basisNote,
    isFirm,
    fill,
    localName,
    number,
    percent,
    extraPercent,
    chance,
    roundedChance,
    quantity,
    speed,
    duration,
    kilometres,
    stretch,
    age,
    counted,
    time,
    calendarDay,
    longDay,
    when,
    weekday,
    weekHour,
    isOnClock,
  };
})();
