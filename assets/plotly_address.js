/* Where Plotly's script lies: the document says so, at an address that changes with it. Dash would ask
   for the one of its own package, at an address that never does. */
(() => {
  "use strict";
  const { plotly } = document.body.dataset;
  if (plotly) {
    Object.defineProperty(window, "_dashPlotlyJSURL", { get: () => plotly, set: () => {} });
  }
})();
