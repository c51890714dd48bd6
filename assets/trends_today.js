/* A page that is left open goes into the next day of the city: it asks the server what is in force then. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const LOOK_MS = 5000;

  const look = () => {
    const form = document.getElementById("trends-controls");
    // Before the header is there nobody knows what time it is.
    if (!form || !app.page.header) return;
    const { date } = app.wording.weekHour(app.freshness.now());
    if (date > form.dataset.today) {
      window.dash_clientside.set_props("trends-today", { data: date });
    }
  };

  window.setInterval(look, LOOK_MS);
})();
