/* What is said of a road beside the pointer, inside the map. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const GAP_PX = 14;
  const EDGE_PX = 8;

  const label = () => document.getElementById("road-label");

  const put = (point) => {
    const box = label();
    const room = document.getElementById("map-frame");
    const beside = (start, size, total) =>
      Math.max(EDGE_PX, start + GAP_PX + size <= total - EDGE_PX ? start + GAP_PX : start - GAP_PX - size);
    box.style.left = `${beside(point.x, box.offsetWidth, room.clientWidth)}px`;
    // The map may begin below what says its moment.
    const { offsetTop } = room.querySelector(".map-graph");
    box.style.top = `${beside(offsetTop + point.y, box.offsetHeight, room.clientHeight)}px`;
  };

  const say = (parts, point) => {
    label().replaceChildren(...parts);
    label().hidden = false;
    put(point);
  };

  const hide = () => {
    if (label()) label().hidden = true;
  };

  /** Move it along; whether there is anything in it to move. */
  const move = (point) => {
    if (label().hidden) return false;
    put(point);
    return true;
  };

  /** A status beside its line as on the map. */
  const chip = (status, words) => {
    const line = app.element("span", "road-status");
    line.append(app.element("span", `line-sample line-sample--${status}`), words);
    return line;
  };

  app.roadLabel = { chip, hide, move, say };
})();
