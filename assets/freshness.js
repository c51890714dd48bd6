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

  const state = { serverAheadMs: 0, answeredAt: Date.now(), askedAt: null, triedAt: 0, isAsking: false };

  const serverNow = () => (Date.now() + state.serverAheadMs) / 1000;

  /** What the age is told of: where no refresh reaches a page, its header comes with it. */
  const basis = () => {
    const written = document.getElementById("freshness")?.dataset.told ?? null;
    if (written !== (page.header?.written ?? null)) {
      page.header = written && { written, ...JSON.parse(written) };
      if (written) heard(page.header.time);
    }
    return page.header ?? page;
  };

  const isUnreachable = ({ settings }) => {
    const patience = Math.min(app.PATIENCE_MS, 3000 * settings.refreshSeconds);
    return state.askedAt !== null && Date.now() - state.askedAt > patience;
  };

  const isOld = (snapshot, ageSeconds) => snapshot !== null && ageSeconds > OLD_AFTER_S;

  /** Which of waiting, down, demo, old, archive, late, silent and live the data are: the worst that
      holds. */
  const kindOf = ({ snapshot, settings, feedFails }, ageSeconds, isSilent) => {
    if (!snapshot) return feedFails ? "down" : "waiting";
    if (snapshot.source === "demo") return "demo";
    if (isOld(snapshot, ageSeconds)) return "old";
    if (snapshot.source !== "live") return snapshot.source;
    if (ageSeconds > settings.lateAfterSeconds) return "late";
    // Nothing is live that the server has not confirmed.
    return isSilent ? "silent" : "live";
  };

  const timesOf = ({ observed_at: at }, ageSeconds, texts) => {
    const { wording } = app;
    const [date, today] = [at, serverNow()].map((each) => wording.weekHour(each).date);
    return {
      time: wording.time(at),
      date: wording.calendarDay(date, today, texts),
      when: wording.when(at, serverNow(), texts),
      age: wording.age(ageSeconds, texts),
    };
  };

  const sentence = (kind, { snapshot, texts }, ageSeconds) => {
    const words = texts.freshness[kind];
    return snapshot ? app.wording.fill(words, timesOf(snapshot, ageSeconds, texts)) : words;
  };

  const ageOf = (snapshot) => (snapshot ? Math.max(0, serverNow() - snapshot.observed_at) : 0);

  /** What is said of the data, and whether they are of now, as far as the server confirms it. */
  const told = () => {
    const of = basis();
    const { snapshot, settings, texts } = of;
    const ageSeconds = ageOf(snapshot);
    const isSilent = isUnreachable(of);
    const kind = kindOf(of, ageSeconds, isSilent);
    const isFresh = snapshot && kind !== "archive" && ageSeconds <= settings.lateAfterSeconds;
    return {
      kind,
      sentence: sentence(kind, of, ageSeconds),
      isUnreachable: isSilent,
      isCurrent: Boolean(isFresh) && !isSilent,
      ...(snapshot ? timesOf(snapshot, ageSeconds, texts) : {}),
    };
  };

  // On a timer of its own: Dash's callbacks wait while a request to the server is under way.
  const tick = () => {
    const of = basis();
    const { snapshot, texts } = of;
    if (!texts) return;
    const ageSeconds = ageOf(snapshot);
    const isSilent = isUnreachable(of);
    const kind = kindOf(of, ageSeconds, isSilent);
    app.write({
      freshness: {
        text: sentence(`short_${kind}`, of, ageSeconds),
        className: `freshness freshness--${kind}`,
      },
      "freshness-sentence": { text: sentence(kind, of, ageSeconds) },
      "freshness-announcement": { text: texts.freshness[`announce_${kind}`] || "" },
      connection: { hidden: !isSilent },
      // The forecast of an hour is of no age.
      "page-page": {
        "data-age": isOld(snapshot, ageSeconds) && page.moment.kind !== "hour" ? "old" : "current",
      },
    });
  };

  const heard = (serverTime) =>
    Object.assign(state, {
      serverAheadMs: serverTime * 1000 - Date.now(),
      answeredAt: Date.now(),
      askedAt: null,
    });

  /** The server has answered, at this time of its own. */
  const answered = (serverTime) => {
    heard(serverTime);
    tick();
  };

  /** Where no refresh reaches the page, ask by itself what is current. */
  const ask = async (header) => {
    Object.assign(state, { isAsking: true, askedAt: state.askedAt ?? Date.now() });
    try {
      const { time, snapshot } = await app.sharedRefresh.current(header.settings.currentUrl);
      if (!app.refresh.isBehind(time, snapshot, header.snapshot)) Object.assign(header, { snapshot });
      // Another page may have come meanwhile.
      if (page.header === header) answered(time);
    } catch {
      // Told as silent, if it stays so.
    } finally {
      state.isAsking = false;
    }
  };

  /** Ask once the last answer, and the last try, are that long ago. */
  const askAfter = (ms) => {
    const { header } = page;
    if (!header || state.isAsking || document.visibilityState !== "visible") return;
    if (Date.now() - Math.max(state.answeredAt, state.triedAt) < ms) return;
    state.triedAt = Date.now();
    ask(header);
  };

  const second = () => {
    tick();
    askAfter(1000 * (page.header?.settings.refreshSeconds ?? 0));
  };

  window.dash_clientside.traffic.asked = (ticks, woken) => {
    if ((ticks || woken) && state.askedAt === null) state.askedAt = Date.now();
  };

  /** A tab that comes back asks at once instead of waiting for its timer. */
  const wake = () => {
    askAfter(WAKE_AFTER_MS);
    if (document.visibilityState !== "visible" || !page.frame) return;
    if (Date.now() - state.answeredAt > WAKE_AFTER_MS) {
      window.dash_clientside.set_props("wake", { data: Date.now() });
    }
  };

  app.freshness = { answered, now: serverNow, told, write: tick };
  app.follow(["snapshot", "moment", "address"], tick);
  window.setInterval(second, TICK_MS);
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("online", wake);
})();
