/* The forecast card: hours clicked on the strip, and a page left open that follows the time. */
(() => {
  "use strict";
  const app = (window.trafficRennes = window.trafficRennes || {});
  const callbacks = ((window.dash_clientside = window.dash_clientside || {}).traffic =
    window.dash_clientside.traffic || {});

  const HOUR_S = 3600;

  callbacks.chooseHour = () => {
    const { triggered_id: button } = window.dash_clientside.callback_context;
    return button ? String(button.hour) : window.dash_clientside.no_update;
  };

  /** Columns of the strip, as components/forecast_card.py makes them, each to its buttons. */
  callbacks.spreadStrip = (columns) => {
    const outputs = window.dash_clientside.callback_context.outputs_list.slice(1);
    const unchanged = outputs.map((output) => output.map(() => window.dash_clientside.no_update));
    return [columns.length === 0, ...(columns.length ? columns : unchanged)];
  };

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

  /** As hours pass, go on with the coming one, unless the visitor chose another. */
  callbacks.followTime = (serverTime, moment, hour, day, texts, settings) => {
    const { no_update: unchanged } = window.dash_clientside;
    const now = momentAt(serverTime, settings.days);
    if (now.hour === moment.hour && now.day === moment.day && now.today === moment.today) {
      return [unchanged, unchanged, unchanged, unchanged];
    }
    const follows = hour === moment.hour && day === moment.day;
    return [
      now,
      follows ? now.hour : unchanged,
      follows ? now.day : unchanged,
      dayOptions(now.today, settings.days, texts),
    ];
  };
})();
