/* Whether the server answers what the page asks: if it does not, that is said, and it is asked again less
   and less often. The callbacks themselves tell how each ask stands (callbacks/pages/trends/asking.py). */
(() => {
  "use strict";
  const app = window.trafficRennes;

  // What an answer consists of is in place that soon after it came.
  const IN_PLACE_MS = 2000;
  const PAUSE_MS = 2000;
  const LONGEST_PAUSE_MS = 60000;

  /** Follows one callback: the timer that it is asked by, and where it is said that it fails, if it is. */
  const follow = (poll, notice) => {
    let waiting = null;
    let failures = 0;

    const tell = (isFailing) => notice && app.write({ [notice]: { hidden: !isFailing } });

    const fail = () => {
      tell(true);
      const interval = Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** failures);
      failures += 1;
      window.dash_clientside.set_props(poll, { interval, disabled: false });
    };

    const wait = (ms) => {
      window.clearTimeout(waiting);
      waiting = ms && window.setTimeout(fail, ms);
    };

    return {
      asked: () => wait(app.PATIENCE_MS),
      // An answer says so itself; an error is nothing more than a response.
      responded: () => wait(IN_PLACE_MS),
      answered: () => {
        wait(0);
        failures = 0;
        tell(false);
      },
    };
  };

  const followed = {
    "trends-poll": follow("trends-poll", "trends-unanswered"),
    "trends-coverage-timer": follow("trends-coverage-timer", null),
  };

  /** How an ask stands, of { poll, standing } (see above). */
  const stand = (told) => {
    if (told) followed[told.poll][told.standing]();
    return window.dash_clientside.no_update;
  };

  document.addEventListener("click", ({ target }) => {
    if (!target.closest?.("#trends-again")) return;
    window.dash_clientside.set_props("trends-poll", { n_intervals: Date.now() });
  });

  window.dash_clientside = { ...window.dash_clientside, trends_asking: { stand } };
})();
