/* A refresh where a cache answers for all servers: what is current, a few words that all pages get,
   and what is news here by documents that never change. The rest is as with the callback, which is
   asked where this has no answer. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const LIMIT_MS = 5000;
  // A cache that no server answers any more goes on with its last words, for a moment.
  const STALE_MS = 10000;

  let isAsking = false;
  let lastWords = { time: null, heardAt: 0 };

  const fetched = async (url) => {
    const content = await app.within(LIMIT_MS, app.fetchJson(url));
    if (!content) throw new Error(`${url} did not answer in time`);
    return content;
  };

  /** The document of what another version is current of; nothing where it is the one shown. */
  const newsOf = (current, shownVersion) =>
    current && current.version !== shownVersion
      ? fetched(app.addressOf(page.settings.sharedRefresh.documentUrl, current.document))
      : undefined;

  const isSame = (mark, shownMark) => JSON.stringify(mark) === JSON.stringify(shownMark ?? null);

  /** Whether this was heard long ago. Clocks do not tell: those of two servers may be minutes apart. */
  const isStale = (time) => {
    const now = Date.now();
    if (time !== lastWords.time) lastWords = { time, heardAt: now };
    return now - lastWords.heardAt > STALE_MS;
  };

  /** What is current, by a server's word. */
  const currentAt = async (url) => {
    const current = await fetched(url);
    if (isStale(current.time)) throw new Error("no server answers the cache");
    return current;
  };

  /** What the callback would answer. */
  const ask = async (shown) => {
    const current = await currentAt(page.settings.sharedRefresh.pointerUrl);
    const { time } = current;
    if (app.refresh.isBehind(time, current.snapshot)) return { time };
    const [snapshot, forecasts] = await Promise.all([
      newsOf(current.snapshot, shown?.snapshot),
      newsOf(current.forecasts, shown?.forecasts),
    ]);
    const roadworks = isSame(current.roadworks, shown?.roadworks) ? undefined : current.roadworks;
    return { time, snapshot, forecasts, roadworks, day: current.day };
  };

  window.dash_clientside.traffic.askShared = async (ticks, woken, shown) => {
    if (isAsking) return;
    isAsking = true;
    const { set_props: setProps } = window.dash_clientside;
    try {
      setProps("news", { data: await ask(shown) });
    } catch {
      setProps("refresh", { n_intervals: Date.now() });
    } finally {
      isAsking = false;
    }
  };

  app.sharedRefresh = { current: currentAt };
})();
