/* Numbers, durations and times as people read them; the words come from the page's texts. */
(() => {
  "use strict";
  const app = (window.trafficRennes = window.trafficRennes || {});

  const ZONE_OF_RENNES = "Europe/Paris";
  const MINUTE_S = 60;
  const HOUR_S = 3600;
  const DAY_S = 86400;

  /** Fill the names in braces of a text. */
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

  const language = () => document.documentElement.lang || "fr";

  // Making a formatter takes longer than using it a thousand times.
  const formatters = new Map();
  const formatter = (Kind, options) => {
    const key = `${Kind.name} ${language()} ${JSON.stringify(options)}`;
    if (!formatters.has(key)) formatters.set(key, new Kind(language(), options));
    return formatters.get(key);
  };

  const number = (value, decimals = 0) =>
    formatter(Intl.NumberFormat, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    }).format(value);

  const percent = (value, texts) => fill(texts.unit.percent, { value: number(value) });

  /** A signed share: the sign is part of what is said. */
  const extraPercent = (value, texts) => (value > 0 ? "+" : "") + percent(value, texts);

  const duration = (seconds, texts) => {
    const minutes = Math.floor(seconds / MINUTE_S);
    const rest = Math.round(seconds % MINUTE_S);
    if (minutes === 0) return fill(texts.unit.seconds, { seconds: rest });
    if (minutes >= 5) {
      return fill(texts.unit.minutes, { minutes: number(Math.round(seconds / MINUTE_S)) });
    }
    return fill(texts.unit.minutes_seconds, { minutes, seconds: String(rest).padStart(2, "0") });
  };

  /** How long ago something was, in one short phrase. */
  const age = (seconds, texts) => {
    if (seconds < MINUTE_S) return texts.age.now;
    if (seconds < HOUR_S) return fill(texts.age.minutes, { minutes: Math.floor(seconds / MINUTE_S) });
    if (seconds < 2 * DAY_S) {
      const minutes = Math.floor((seconds % HOUR_S) / MINUTE_S);
      return fill(texts.age.hours, {
        hours: Math.floor(seconds / HOUR_S),
        minutes: String(minutes).padStart(2, "0"),
      });
    }
    return fill(texts.age.days, { days: Math.floor(seconds / DAY_S) });
  };

  /** Hours and minutes in Rennes, wherever the browser is. */
  const time = (epochSeconds) =>
    formatter(Intl.DateTimeFormat, {
      timeZone: ZONE_OF_RENNES,
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    }).format(epochSeconds * 1000);

  const date = (epochSeconds) =>
    formatter(Intl.DateTimeFormat, {
      timeZone: ZONE_OF_RENNES,
      weekday: "long",
      day: "numeric",
      month: "long",
    }).format(epochSeconds * 1000);

  /** « à 12:43 », or with its date when that is another day than today. */
  const when = (epochSeconds, nowSeconds, texts) => {
    const sameDay = date(epochSeconds) === date(nowSeconds) && nowSeconds - epochSeconds < DAY_S;
    return fill(sameDay ? texts.freshness.when_today : texts.freshness.when_earlier, {
      time: time(epochSeconds),
      date: date(epochSeconds),
    });
  };

  /** Day of the week (0 is Monday) and hour in Rennes at some time. */
  const weekHour = (epochSeconds) => {
    const parts = new Intl.DateTimeFormat("en-GB", {
      timeZone: ZONE_OF_RENNES,
      weekday: "short",
      hour: "2-digit",
      hourCycle: "h23",
    }).formatToParts(epochSeconds * 1000);
    const part = (type) => parts.find((item) => item.type === type).value;
    const day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(part("weekday"));
    return { day, hour: Number(part("hour")) };
  };

  app.wording = { fill, number, percent, extraPercent, duration, age, time, when, weekHour };
})();
