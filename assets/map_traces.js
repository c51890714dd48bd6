/* Draws without the map's handle: one Plotly trace per status, rewritten at each snapshot.
   Slower, and roads answer to the pointer at their vertices only; it keeps the page working. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const CLOSE_ZOOM = 14.5;
  const darkScheme = window.matchMedia("(prefers-color-scheme: dark)");

  /** Coordinates of the roads of each status; a null after each part keeps it apart. */
  const tracesOf = (features, codes, statuses) => {
    const traces = statuses.map(() => ({ lon: [null], lat: [null], customdata: [null] }));
    const add = (trace, [lon, lat], id) => {
      trace.lon.push(lon);
      trace.lat.push(lat);
      trace.customdata.push(id);
    };
    features.forEach(({ id, geometry }) => {
      app.partsOf(geometry).forEach((part) => {
        part.forEach((corner) => add(traces[codes[id]], corner, id));
        add(traces[codes[id]], [null, null], null);
      });
    });
    return traces;
  };

  class TraceDriver {
    constructor(plot, settings) {
      this.plot = plot;
      this.settings = settings;
      this.features = [];
      this.codes = new Uint8Array(0);
      this.hidden = new Set();
      this.standingOut = null;
      this.indices = settings.statuses.map((_, index) => index);
      const { center, zoom } = plot._fullLayout.map;
      this.home = { center: { ...center }, zoom };
      this.dressAnew = () => this.dress();
      darkScheme.addEventListener("change", this.dressAnew);
      this.dress();
    }

    /** The graph has gone, with all that listened to it. */
    end() {
      darkScheme.removeEventListener("change", this.dressAnew);
    }

    dress() {
      const colors = this.settings.traceColors[darkScheme.matches ? "dark" : "light"];
      window.Plotly.restyle(this.plot, { "line.color": colors }, this.indices);
    }

    async paint(snapshot, codes) {
      this.features = await app.networkFeatures(snapshot.network, this.settings.networkUrl);
      this.codes = codes;
      await this.draw();
    }

    /** Traces have one opacity: what would fade is left out. */
    async fadeUsual(roads) {
      if (roads === this.standingOut) return;
      this.standingOut = roads;
      await this.draw();
    }

    /** Traces have one opacity: what is not firm is told by a road's card alone. */
    drawFaint() {}

    async draw() {
      const { standingOut, settings } = this;
      const isDrawn = ({ id }) => standingOut?.has(id) ?? true;
      const traces = tracesOf(this.features.filter(isDrawn), this.codes, settings.statuses);
      const column = (name) => traces.map((trace) => trace[name]);
      await window.Plotly.restyle(
        this.plot,
        { lon: column("lon"), lat: column("lat"), customdata: column("customdata") },
        this.indices,
      );
    }

    // By opacity: a graph whose traces are all invisible gives up its map.
    hide(hidden) {
      this.hidden = hidden;
      const opacity = this.indices.map((code) => (hidden.has(code) ? 0 : 1));
      window.Plotly.restyle(this.plot, { opacity }, this.indices);
    }

    roadAt() {
      return null;
    }

    highlight() {}

    uncover() {}

    // The panel tells of the zone; there is nothing here to draw its outline with.
    outlineZone() {}

    showDot() {}

    // Paper gets none of it: Plotly draws, not we.
    picture() {
      return null;
    }

    // Lists and cards tell of roadworks; there is nothing here to draw them with.
    showRoadworks() {}

    roadworksAt() {
      return null;
    }

    isInView() {
      return true;
    }

    onRest() {}

    onPointer({ move, leave, click }) {
      const roadOf = ({ points: [{ customdata: id }] }) => {
        const feature = this.features[id];
        if (!feature || this.hidden.has(this.codes[id])) return null;
        return { id, properties: feature.properties };
      };
      const pointOf = ({ event }) => {
        const box = this.plot.getBoundingClientRect();
        return { x: event.clientX - box.left, y: event.clientY - box.top };
      };
      this.plot.on("plotly_hover", (event) => move(roadOf(event), pointOf(event)));
      this.plot.on("plotly_unhover", leave);
      this.plot.on("plotly_click", (event) => click(pointOf(event), null, roadOf(event)));
    }

    project() {
      return null;
    }

    centre() {
      return null;
    }

    canvas() {
      return this.plot;
    }

    async show(center, zoom) {
      app.keepViewFromDash(this.plot);
      await window.Plotly.relayout(this.plot, { "map.center": center, "map.zoom": zoom });
    }

    zoomBy(levels) {
      const { center, zoom } = this.plot._fullLayout.map;
      return this.show(center, zoom + levels);
    }

    fitWhole() {
      return this.show(this.home.center, this.home.zoom);
    }

    /** Its middle, as close as now: the graph does not say how much it shows. */
    fit([west, south, east, north]) {
      const middle = { lon: (west + east) / 2, lat: (south + north) / 2 };
      return this.show(middle, this.plot._fullLayout.map.zoom);
    }

    view() {
      const { center, zoom } = this.plot._fullLayout.map;
      return [center.lat, center.lon, zoom];
    }

    turnTo([lat, lon, zoom]) {
      return this.show({ lon, lat }, zoom);
    }

    flyTo([lon, lat]) {
      return this.show({ lon, lat }, CLOSE_ZOOM);
    }
  }

  app.TraceDriver = TraceDriver;
})();
