/* The page on paper: a copy of the map, which browsers would leave blank, and above it what paper
   needs to say: which moment, of which day, from which address. Whatever else is in print.css. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  let added = [];

  /** The day with its year, for paper is kept. */
  const printedAt = () => {
    const { timeZone } = page.settings;
    const options = { timeZone, dateStyle: "full", timeStyle: "short" };
    const { lang } = document.documentElement;
    return new Intl.DateTimeFormat(lang, options).format(1000 * app.freshness.now());
  };

  const heading = () => {
    const box = app.element("div", "print-heading");
    const printed = app.wording.fill(page.texts.print.printed, { when: printedAt() });
    box.append(
      app.element("p", "print-title", document.title),
      app.element("p", "print-moment", app.moment.words(page.moment)),
      app.element("p", "", app.freshness.told().sentence),
      app.element("p", "", printed),
      app.element("p", "print-address", window.location.href),
    );
    return box;
  };

  const prepare = () => {
    const frame = document.getElementById("map-frame");
    if (!frame || !page.snapshot || added.length) return;
    const copy = page.driver?.picture() ?? null;
    added = [heading(), copy].filter(Boolean);
    document.body.prepend(added[0]);
    if (copy) frame.prepend(copy);
  };

  const tidy = () => {
    added.forEach((element) => element.remove());
    added = [];
  };

  window.addEventListener("beforeprint", prepare);
  window.addEventListener("afterprint", tidy);
})();
