/* How old the data are, counted on even when the server is silent, and whether it answers. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const TICK_MS = 1000;
  // After less than this away, the next regular refresh is soon enough.
  const WAKE_AFTER_MS = 5000;
  // From here on nothing that is shown may look like the traffic of today.
  const OLD_AFTER_S = 86400;

  const state = { serverAheadMs: 0, answeredAt: Date.now(), askedAt: null };

  const serverNow = () => (Date.now() + state.serverAheadMs) / 1000;

  const isUnreachable = () => {
    const refreshMs = page.settings.refreshSeconds * 1000;
    const patience = Math.min(app.PATIENCE_MS, 3 * refreshMs);
    return state.askedAt !== null && Date.now() - state.askedAt > patience;
  };

  const isOld = (snapshot, ageSeconds) => snapshot !== null && ageSeconds > OLD_AFTER_S;

  /** Which of waiting, down, demo, old, archive, late, silent and live the data are: the worst that
      holds. */
  const kindOf = (snapshot, ageSeconds, isSilent) => {
    if (!snapshot) return page.feedFails ? "down" : "waiting";
    if (snapshot.source === "demo") return "demo";
    if (isOld(snapshot, ageSeconds)) return "old";
    if (snapshot.source !== "live") return snapshot.source;
    if (ageSeconds > page.settings.lateAfterSeconds) return "late";
    // Nothing is live that the server has not confirmed.
    return isSilent ? "silent" : "live";
  };

  const timesOf = ({ observed_at: at }, ageSeconds) => {
    const { wording } = app;
    const [date, today] = [at, serverNow()].map((each) => wording.weekHour(each).date);
    return {
      time: wording.time(at),
      date: wording.calendarDay(date, today, page.texts),
      when: wording.when(at, serverNow(), page.texts),
      age: wording.age(ageSeconds, page.texts),
    };
  };

  const sentence = (kind, snapshot, ageSeconds) => {
    const words = page.texts.freshness[kind];
    return snapshot ? app.wording.fill(words, timesOf(snapshot, ageSeconds)) : words;
  };

  const ageOf = (snapshot) => (snapshot ? Math.max(0, serverNow() - snapshot.observed_at) : 0);

  /** What is said of the data, and whether they are of now, as far as the server confirms it. */
  const told = () => {
    const { snapshot, settings } = page;
    const ageSeconds = ageOf(snapshot);
    const isSilent = isUnreachable();
    const kind = kindOf(snapshot, ageSeconds, isSilent);
    const isFresh = snapshot && kind !== "archive" && ageSeconds <= settings.lateAfterSeconds;
    return {
      kind,
      sentence: sentence(kind, snapshot, ageSeconds),
      isUnreachable: isSilent,
      isCurrent: Boolean(isFresh) && !isSilent,
      ...(snapshot ? timesOf(snapshot, ageSeconds) : {}),
    };
  };

  // On a timer of its own: Dash's callbacks wait while a request to the server is under way.
  const tick = () => {
    const { snapshot, texts } = page;
    if (!texts) return;
    const ageSeconds = ageOf(snapshot);
    const isSilent = isUnreachable();
    const kind = kindOf(snapshot, ageSeconds, isSilent);
    app.write({
      freshness: {
        text: sentence(`short_${kind}`, snapshot, ageSeconds),
        className: `freshness freshness--${kind}`,
      },
      "freshness-sentence": { text: sentence(kind, snapshot, ageSeconds) },
      "freshness-announcement": { text: texts.freshness[`announce_${kind}`] || "" },
      connection: { hidden: !isSilent },
      // The forecast of an hour is of no age.
      "page-page": {
        "data-age": isOld(snapshot, ageSeconds) && page.moment.kind !== "hour" ? "old" : "current",
      },
    });
  };

  /** The server has answered, at this time of its own. */
  const answered = (serverTime) => {
    Object.assign(state, {
      serverAheadMs: serverTime * 1000 - Date.now(),
      answeredAt: Date.now(),
      askedAt: null,
    });
    tick();
  };

  window.dash_clientside.traffic.asked = (ticks, woken) => {
    if ((ticks || woken) && state.askedAt === null) state.askedAt = Date.now();
  };

  /** A tab that comes back asks at once instead of waiting for its timer. */
  const wake = () => {
    if (document.visibilityState !== "visible" || !page.frame) return;
    if (Date.now() - state.answeredAt > WAKE_AFTER_MS) {
      window.dash_clientside.set_props("wake", { data: Date.now() });
    }
  };

  app.freshness = { answered, now: serverNow, told };
  app.follow(["snapshot", "moment"], tick);
  window.setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("online", wake);
})();
