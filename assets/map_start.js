/* The map's graph, from when Dash has made it until its page goes: whether a map can be drawn at all,
   and what draws it. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const POLL_MS = 40;
  const PLOT_SELECTOR = ".js-plotly-plot";
  // The map is made together with the graph; one that is still missing then is out of reach.
  const HANDLE_LIMIT_MS = 3000;
  // However slow the machine; a map that is out of reach then will not come.
  const DRAWING_LIMIT_MS = 60_000;

  let hasWebGl = null;
  let hasScript = true;

  /** Whether a map can be drawn at all, as far as is known. Asked once: each context counts, and a
      browser has few. */
  const canDraw = () => {
    try {
      hasWebGl ??= document.createElement("canvas").getContext("webgl2") !== null;
    } catch {
      hasWebGl = false;
    }
    return hasWebGl && hasScript;
  };

  /** Plotly draws in steps, and fails at the next one where its graph was purged between two, as Dash
      does when a page is left while its map is still fitted. A map out of reach has no next step. */
  const purgeBetweenDrawings = () => {
    const { purge, react } = window.Plotly;
    const drawings = new WeakMap();
    const drawn = async (plot) => {
      do {
        await Promise.allSettled([drawings.get(plot), ...(plot._promises ?? [])]);
        // The steps after it come in the same turn.
        await app.pause(0);
      } while (plot._promises?.length);
    };
    window.Plotly.react = (plot, ...figure) => {
      const drawing = react(plot, ...figure);
      drawings.set(plot, drawing);
      return drawing;
    };
    window.Plotly.purge = async (plot) => {
      await Promise.race([drawn(plot), app.pause(DRAWING_LIMIT_MS)]);
      purge(plot);
    };
  };

  const isPlotly = ({ target: { tagName, src } }) =>
    tagName === "SCRIPT" && src === new URL(document.body.dataset.plotly ?? "", location).href;
  const listen = (type, then) =>
    document.addEventListener(type, (event) => isPlotly(event) && then(), true);
  listen("load", purgeBetweenDrawings);
  // Dash waits for ever for a script that did not come.
  listen("error", () => (hasScript = false));

  /** Dash lets go of a graph once it knows that it was drawn, which it hears late on a busy machine:
      where the page is left before, nobody else would take the map away. */
  const letGo = (plot) => plot && window.Plotly.purge(plot);

  const end = (driver) => {
    driver.end();
    letGo(driver.plot);
  };

  /** The driver of the graph once it is drawn; null where no map can be drawn at all, and where
      nobody wants it any more. */
  const start = async (settings, isWanted) => {
    let plot = null;
    for (let waited = 0; isWanted() && canDraw(); await app.pause(POLL_MS)) {
      plot = document.getElementById(settings.graph)?.querySelector(PLOT_SELECTOR);
      const map = app.mapHandle(plot);
      if (map) {
        const driver = new app.LayerDriver(map, plot, settings);
        await driver.ready;
        if (isWanted() && plot.isConnected) return driver;
        end(driver);
        plot = null;
      }
      if (plot?._fullLayout?.map) waited += POLL_MS;
      if (waited > HANDLE_LIMIT_MS) return new app.TraceDriver(plot, settings);
    }
    letGo(plot);
    return null;
  };

  app.mapStart = {
    canDraw,
    end,
    lacksScript: () => !hasScript,
    start,
    /** The name of the text that says why there is no map. */
    why: () => (hasWebGl ? "not_loaded" : "unavailable"),
  };
})();
