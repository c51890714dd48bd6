/* The visitor's own place, asked of the browser when its button is pressed and told to nobody: a dot
   on the map, and the nearest stretches in the panel. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const LIMIT_MS = 15000;
  const FRESH_MS = 60000;
  // From here on it is worth a word that the place is not sure.
  const VAGUE_M = 150;
  const DENIED = 1;

  const state = { isWaiting: false };

  const locate = () =>
    new Promise((resolve, reject) => {
      window.navigator.geolocation.getCurrentPosition(resolve, reject, {
        enableHighAccuracy: true,
        timeout: LIMIT_MS,
        maximumAge: FRESH_MS,
      });
    });

  const isOnMap = ([lon, lat], [west, south, east, north]) =>
    lon >= west && lon <= east && lat >= south && lat <= north;

  const show = async ({ coords }) => {
    const { driver, settings, texts } = page;
    const { near: words } = texts;
    const point = [coords.longitude, coords.latitude];
    if (!isOnMap(point, settings.map.bounds)) {
      app.moment.say(app.wording.fill(words.outside, { city: settings.city }));
      return;
    }
    app.moment.say("");
    app.change({ isLocated: true });
    driver?.showDot(point);
    const notes = [words.private];
    if (coords.accuracy > VAGUE_M) {
      const distance = app.wording.kilometres(coords.accuracy);
      notes.unshift(app.wording.fill(words.accuracy, { distance }));
    }
    const closed = () => page.driver?.showDot(null);
    await app.foundPlace.open({ kind: "near", name: words.title, point, notes, closed });
  };

  const problemOf = ({ code }) => (code === DENIED ? "denied" : "unavailable");

  const press = async () => {
    const { near: words } = page.texts;
    if (!window.isSecureContext || !window.navigator.geolocation) {
      app.moment.say(words.insecure);
      return;
    }
    if (state.isWaiting) return;
    state.isWaiting = true;
    app.moment.say(words.waiting);
    try {
      await show(await locate());
    } catch (problem) {
      app.moment.say(words[problemOf(problem)]);
    } finally {
      state.isWaiting = false;
    }
  };

  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("#near-me") && page.texts && page.snapshot) press();
  });
})();
