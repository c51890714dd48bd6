/* Before Dash is there, the document shows the page as the server made it, and the first figures are
   written into it. Dash makes its own behind it, which takes its place once it says the same. Its name
   has this script loaded last of ours. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const entry = document.getElementById("react-entry-point");
  const first = document.getElementById("first-paint");
  const told = (id) => JSON.parse(document.getElementById(id)?.textContent || "null");

  /** What is told of now; of another moment only Dash's page can tell. */
  const begin = () => {
    // Where no refresh reaches the page.
    app.freshness.write();
    const [news, settings, texts] = ["news", "browser-settings", "texts"].map(told);
    if (!news?.snapshot || new URL(window.location.href).searchParams.has("t")) return;
    const { snapshot } = news;
    const codes = app.unpackStatuses(snapshot.statuses, app.segmentsOf(snapshot));
    Object.assign(page, { settings, texts, snapshot, codes, day: told("day") });
    app.freshness.answered(news.time);
    app.figures.write();
    app.forecast.tell(app.forecast.ofNow(app.moment.zoneTold()));
    app.day.follow(news.day);
    app.find.mount();
  };

  /** What is said to an element by its id is said to Dash's from now on. */
  const giveUpIds = () =>
    first.querySelectorAll("[id]").forEach((element) => element.removeAttribute("id"));

  // Dash draws what it was told with the next frame.
  const end = () =>
    window.requestAnimationFrame(() => window.requestAnimationFrame(() => first.remove()));

  const watch = () => {
    const isLive = Boolean(document.getElementById("news"));
    const isThere = (selector) => entry.querySelector(selector) !== null;
    const selector = `#${first.firstElementChild.id}`;
    // Without these, all that is below them would stand higher for a moment.
    const later = [...first.querySelectorAll("[data-loaded_later]")].map(({ id }) => `#${id}`);
    const watcher = new MutationObserver(() => {
      if (!isThere(selector)) return;
      giveUpIds();
      if (!later.every(isThere)) return;
      watcher.disconnect();
      if (isLive) return;
      app.freshness.write();
      end();
    });
    watcher.observe(entry, { childList: true, subtree: true });
    app.follow(["frame"], end);
  };

  /** Plotly's script is the largest by far: it comes once all that is read before is there. */
  const loadPlotly = () => {
    const href = document.body.dataset.plotly;
    const link = Object.assign(document.createElement("link"), { rel: "preload", as: "script", href });
    document.head.append(link);
  };

  app.firstPaint = { isShown: () => Boolean(first?.isConnected) };
  if (first) {
    const hasMap = Boolean(document.getElementById("map"));
    // Nothing on it answers yet but links.
    first.querySelector("main").inert = true;
    begin();
    watch();
    if (hasMap) document.addEventListener("DOMContentLoaded", loadPlotly);
  }
})();
