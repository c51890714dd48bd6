/* The one place that reaches for the MapLibre map inside the graph: a private attribute of Plotly,
   hence the exact version in pyproject.toml and a test in Chromium. Null when it is not there. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  app.mapHandle = (plot) => plot?._fullLayout?.map?._subplot?.map ?? null;
})();
