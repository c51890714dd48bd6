/* Watches the first visit from within the page: when the words of the tiles and the roads are
   painted, what is painted largest and when, and how much what is read moves. */
(() => {
  "use strict";
  const seen = { tiles: null, roads: null, largest: null, shift: 0 };

  const observe = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });

  observe("largest-contentful-paint", ({ startTime }) => {
    seen.largest = startTime;
  });
  observe("layout-shift", ({ value, hadRecentInput }) => {
    if (!hadRecentInput) seen.shift += value;
  });

  const tilesTell = () =>
    window.trafficRennes?.page.snapshot &&
    [...document.querySelectorAll(".zone-tile")].some((tile) => !tile.className.includes("unknown"));

  const roadsShow = () => {
    const map = window.trafficRennes?.page.driver?.map;
    return map?.queryRenderedFeatures().some(({ layer, state }) => {
      return layer.id.startsWith("roads") && state.status !== undefined;
    });
  };

  const look = () => {
    if (seen.tiles === null && tilesTell()) {
      // What is written now is on the screen with the frame after the next.
      requestAnimationFrame(() => requestAnimationFrame((time) => (seen.tiles ??= time)));
    }
    if (seen.roads === null && roadsShow()) seen.roads = performance.now();
    if (seen.roads === null) window.setTimeout(look, 50);
  };
  look();

  window.firstVisit = { seen, isSettled: () => seen.tiles !== null && seen.roads !== null };
})();
