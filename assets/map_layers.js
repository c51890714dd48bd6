/* Draws on MapLibre: the roads are already in its style, statuses are set as feature-state. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const RENDER_LIMIT_MS = 2000;
  // Plotly takes the graph for complete 10 ms after the map has drawn everything.
  const GRAPH_COMPLETION_MS = 50;
  const RETRY_MS = 1000;
  const RETRY_LIMIT_MS = 60000;
  // Breaks ties between lines that cover each other: the higher code is drawn on top.
  const ON_TOP_PX = 0.01;
  const HIT_RADIUS_PX = 5;
  const FIT_PADDING_PX = 16;
  // What is wider than this share of the map lies across it, and not in a corner.
  const ACROSS = 0.6;
  const CLOSE_ZOOM = 14.5;
  // A short street is shown with what lies around it.
  const CLOSEST_FIT = 15.5;
  // Of a road that is as usual, while the others stand out.
  const FADED = 0.15;
  // Of a forecast that is not firm: the road's likeliest status, though the others are likelier.
  const FAINT = 0.45;
  const SIGN_PX = 24;
  // Sharp on dense screens too.
  const SIGN_RATIO = 2;
  const SIGN_RADIUS_PX = 10;
  const SIGN_PREFIX = "roadwork-";
  // Plotly keeps a view only when an event of the visitor lies behind it.
  const BY_HAND = { originalEvent: { type: "button" } };
  const darkScheme = window.matchMedia("(prefers-color-scheme: dark)");

  const once = (map, event, isWanted = () => true) =>
    new Promise((resolve) => {
      const listen = (detail) => {
        if (!isWanted(detail)) return;
        map.off(event, listen);
        resolve();
      };
      map.on(event, listen);
    });

  /** Value between the stops of a zoom scale, as MapLibre interpolates it. */
  const atZoom = (stops, zoom) => {
    if (zoom <= stops[0][0]) return stops[0][1];
    for (let i = 1; i < stops.length; i += 1) {
      const [[fromZoom, from], [toZoom, to]] = [stops[i - 1], stops[i]];
      if (zoom <= toZoom) return from + ((to - from) * (zoom - fromZoom)) / (toZoom - fromZoom);
    }
    return stops[stops.length - 1][1];
  };

  /** Distance from a point to a stretch of line that is drawn pushed to its right. */
  const distanceToStretch = (point, start, end, offset) => {
    const [dx, dy] = [end.x - start.x, end.y - start.y];
    const length = Math.hypot(dx, dy);
    if (length === 0) return Infinity;
    const x = point.x - start.x + (dy / length) * offset;
    const y = point.y - start.y - (dx / length) * offset;
    const along = Math.min(1, Math.max(0, (x * dx + y * dy) / (length * length)));
    return Math.hypot(x - along * dx, y - along * dy);
  };

  /** A form with a rim around it, so that it stands out from the roads. */
  const drawForm = (pen, path, styles) => {
    Object.assign(pen, { lineWidth: 3, lineJoin: "round", ...styles });
    pen.stroke(path);
    pen.fill(path, "evenodd");
  };

  /** Dash answers each move by redrawing the graph with the view of then, which undoes a move
      made since. Plotly itself keeps the view; nothing here needs Dash to know it. */
  app.keepViewFromDash = (plot) => plot.removeAllListeners("plotly_relayout");

  class LayerDriver {
    constructor(map, plot, settings) {
      this.map = map;
      this.plot = plot;
      this.settings = settings;
      this.network = settings.network;
      this.codes = new Uint8Array(0);
      this.hidden = new Set();
      this.hovered = null;
      this.outlined = null;
      this.standingOut = null;
      this.unusual = new Set();
      this.leaning = new Set();
      this.retries = 0;
      this.roadworks = null;
      this.zoneRoads = [];
      this.isEnded = false;
      this.isOnPaper = false;
      this.dressAnew = () => this.dress();
      this.ownPlace = null;
      map.dragRotate.disable();
      map.touchZoomRotate.disableRotation();
      map.touchPitch.disable();
      this.shareGestures();
      this.takeErrors();
      map.on("styleimagemissing", ({ id }) => this.drawSign(id));
      map.on("movestart", () => app.keepViewFromDash(plot));
      this.ready = this.start();
    }

    /** One finger and the wheel scroll the page, two fingers and Ctrl with the wheel move the map:
        what it says then is in the page's language. */
    shareGestures() {
      const { map } = this;
      const { touch, wheel, wheel_mac: wheelMac } = app.page.texts.gestures;
      Object.assign(map._locale, {
        "CooperativeGesturesHandler.MobileHelpText": touch,
        "CooperativeGesturesHandler.WindowsHelpText": wheel,
        "CooperativeGesturesHandler.MacHelpText": wheelMac,
      });
      map.cooperativeGestures.enable();
    }

    /** Errors are this driver's business: a missing tile is none, missing roads are asked again. */
    takeErrors() {
      const { map, settings } = this;
      map.on("error", (event) => {
        if (event.sourceId === settings.source) this.retryRoads();
      });
      // Plotly would give the graph up for good at the first tile that fails while it updates.
      const { once: listenOnce } = map;
      map.once = (type, ...listener) =>
        type === "error" ? map : listenOnce.call(map, type, ...listener);
    }

    async retryRoads() {
      const delay = Math.min(RETRY_LIMIT_MS, RETRY_MS * 2 ** this.retries);
      this.retries += 1;
      await app.pause(delay);
      if (this.network && !this.isEnded) this.map.getSource(this.settings.source).setData(this.networkUrl());
    }

    networkUrl() {
      return app.addressOf(this.settings.networkUrl, this.network);
    }

    async start() {
      const { map } = this;
      // "load" comes once in a life and may be past; "idle" comes again.
      await Promise.race([once(map, "load"), once(map, "idle")]);
      // Plotly sets its own view when the map has loaded: let it, then fit.
      await app.pause(0);
      this.names = new app.MapNames(map, this.settings);
      map.on("style.load", () => this.restore());
      darkScheme.addEventListener("change", this.dressAnew);
      // Whose page was left in the meantime has nothing to fit into.
      if (!this.plot.isConnected) return;
      this.dress();
      this.fitWhole({ animate: false });
      this.showTiles();
    }

    /** The map has gone, with all that listened to it. */
    end() {
      this.isEnded = true;
      darkScheme.removeEventListener("change", this.dressAnew);
    }

    /** The backdrop comes once the graph is complete: a tile that fails earlier would break it.
        However slow the machine, that is waited for; after an error there is nothing to break. */
    async showTiles() {
      const { map, settings } = this;
      if (!map.getLayer(settings.tiles)) return;
      await Promise.race([once(map, "idle"), once(map, "error")]);
      await app.pause(GRAPH_COMPLETION_MS);
      map.setLayoutProperty(settings.tiles, "visibility", "visible");
    }

    /** Colours of the visitor's theme, the backdrop, and what the legend hides. */
    dress() {
      const { map, settings } = this;
      Object.entries(settings.paint.light).forEach(([layer, properties]) => {
        if (!map.getLayer(layer)) return;
        Object.keys(properties).forEach((name) =>
          map.setPaintProperty(layer, name, this.colourOf(layer, name)),
        );
      });
      settings.roadworks.levels.forEach((level) => this.drawSign(SIGN_PREFIX + level));
      this.hide(this.hidden);
    }

    theme() {
      return darkScheme.matches && !this.isOnPaper ? "dark" : "light";
    }

    /** The colour of a layer. What differs by road is of the theme for good, since a change of it
        comes a moment later; on paper each road tells the style that it is there. */
    colourOf(layer, name) {
      const [light, own] = ["light", this.theme()].map((theme) => this.settings.paint[theme][layer][name]);
      if (!darkScheme.matches || !Array.isArray(light)) return own;
      return ["case", ["boolean", ["feature-state", "paper"], false], light, this.settings.paint.dark[layer][name]];
    }

    putOnPaper(paper) {
      const { map, settings } = this;
      this.isOnPaper = paper;
      if (darkScheme.matches) {
        this.codes.forEach((_, id) => map.setFeatureState({ source: settings.source, id }, { paper }));
      }
      this.dress();
    }

    /** What the map shows, as a plain picture in the colours of paper: the pixels of WebGL are there
        until it is presented. */
    picture() {
      const { map } = this;
      this.putOnPaper(true);
      map.redraw();
      const drawn = map.getCanvas();
      const picture = app.element("canvas", "print-map");
      Object.assign(picture, { width: drawn.width, height: drawn.height });
      picture.getContext("2d").drawImage(drawn, 0, 0);
      this.putOnPaper(false);
      return picture;
    }

    /** Draw the sign of a level in the colours of the theme, for the map to show wherever it has one. */
    drawSign(id) {
      const { map, settings } = this;
      const form = app.roadworks?.SIGNS[id.replace(SIGN_PREFIX, "")];
      if (!form || !id.startsWith(SIGN_PREFIX)) return;
      const side = SIGN_PX * SIGN_RATIO;
      const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
      const pen = canvas.getContext("2d");
      const paint = settings.paint[this.theme()];
      pen.scale(SIGN_RATIO, SIGN_RATIO);
      drawForm(pen, new Path2D(form), {
        strokeStyle: paint.background["background-color"],
        fillStyle: paint[settings.roadworks.layers[0]]["line-color"],
      });
      const image = pen.getImageData(0, 0, side, side);
      if (map.hasImage(id)) map.updateImage(id, image);
      else map.addImage(id, image, { pixelRatio: SIGN_RATIO });
    }

    /** Draw roadworks, as GeoJSON, in the place of those before. */
    showRoadworks(collection) {
      this.roadworks = collection;
      this.map.getSource(this.settings.roadworks.source)?.setData(collection);
    }

    /** The place in the list of the roadworks whose sign is at a point of the screen, or null. */
    roadworksAt(point, radius = SIGN_RADIUS_PX) {
      const { map, settings } = this;
      if (!map.getLayer(settings.roadworks.signs)) return null;
      const box = [
        [point.x - radius, point.y - radius],
        [point.x + radius, point.y + radius],
      ];
      const [found] = map.queryRenderedFeatures(box, { layers: [settings.roadworks.signs] });
      return found ? found.properties.place : null;
    }

    /** Whether a place lies on the visible part of the map. */
    isInView(place) {
      return this.map.getBounds().contains(place);
    }

    /** Call back whenever the view has come to rest. */
    onRest(callback) {
      this.map.on("moveend", callback);
    }

    /** After a change of style, which forgets what was set on the old one. */
    restore() {
      const { codes } = this;
      this.codes = new Uint8Array(0);
      this.hovered = null;
      this.outlined = null;
      this.setStates(codes);
      this.unusual.clear();
      this.markUnusual();
      const { leaning } = this;
      this.leaning = new Set();
      this.drawFaint(leaning);
      this.dress();
      if (this.roadworks) this.showRoadworks(this.roadworks);
      this.outlineZone(this.zoneRoads);
      this.showDot(this.ownPlace);
      this.names.restore();
      this.showTiles();
    }

    /** Show a snapshot's statuses; resolves once they are on the screen. */
    async paint(snapshot, codes) {
      if (snapshot.network !== this.network) await this.changeNetwork(snapshot.network);
      const changed = this.setStates(codes);
      this.outline();
      // At once, and not with the next frame, for which a tab that nobody looks at never comes.
      if (changed > 0 && !document.hidden) this.map.redraw();
      this.names.follow(this.network);
    }

    setStates(codes) {
      const { map, settings } = this;
      const known = this.codes.length === codes.length ? this.codes : null;
      let changed = 0;
      for (let id = 0; id < codes.length; id += 1) {
        if (known === null || known[id] !== codes[id]) {
          map.setFeatureState({ source: settings.source, id }, { status: codes[id] });
          changed += 1;
        }
      }
      this.codes = codes;
      return changed;
    }

    /** Fetch another network without touching the view. */
    async changeNetwork(version) {
      const { map, settings } = this;
      const loaded = once(
        map,
        "sourcedata",
        (event) => event.sourceId === settings.source && event.isSourceLoaded,
      );
      this.network = version;
      map.getSource(settings.source).setData(this.networkUrl());
      await app.within(RENDER_LIMIT_MS, loaded);
      map.removeFeatureState({ source: settings.source });
      this.codes = new Uint8Array(0);
      this.hovered = null;
      this.outline();
      this.unusual.clear();
      this.leaning.clear();
    }

    /** Let the roads of a set stand out; null shows all alike. */
    fadeUsual(roads) {
      const isChange = (roads === null) !== (this.standingOut === null);
      this.standingOut = roads;
      this.markUnusual();
      if (isChange) this.hide(this.hidden);
    }

    /** Draw some roads fainter, whose forecast is not firm; none by an empty set. */
    drawFaint(roads) {
      const isChange = roads.size > 0 !== this.leaning.size > 0;
      this.mark("leaning", this.leaning, roads);
      if (isChange) this.hide(this.hidden);
    }

    markUnusual() {
      this.mark("unusual", this.unusual, this.standingOut ?? new Set());
    }

    /** Roads tell the style whether they are something; only those that change are told anew. */
    mark(state, told, wanted) {
      const { map, settings } = this;
      const tell = (id, isSo) => {
        map.setFeatureState({ source: settings.source, id }, { [state]: isSo });
        if (isSo) told.add(id);
        else told.delete(id);
      };
      [...told].filter((id) => !wanted.has(id)).forEach((id) => tell(id, false));
      [...wanted].filter((id) => !told.has(id)).forEach((id) => tell(id, true));
    }

    /** The opacity of a layer's roads, less for those that are as usual while these fade, or whose
        forecast is not firm. */
    fading(opacity) {
      const is = (state) => ["boolean", ["feature-state", state], false];
      if (this.leaning.size > 0) return ["case", is("leaning"), opacity * FAINT, opacity];
      if (this.standingOut === null) return opacity;
      return ["case", ["any", is("unusual"), is("hover")], opacity, opacity * FADED];
    }

    /** Hide the roads of some statuses: they stay hidden whatever comes. */
    hide(hidden) {
      this.hidden = hidden;
      Object.entries(this.settings.layers).forEach(([layer, { codes, opacity }]) => {
        if (!this.map.getLayer(layer)) return;
        const shown = codes.filter((code) => !hidden.has(code));
        const status = ["coalesce", ["feature-state", "status"], -1];
        this.map.setPaintProperty(
          layer,
          "line-opacity",
          shown.length === 0 ? 0 : ["match", status, shown, this.fading(opacity), 0],
        );
      });
    }

    /** The road drawn nearest to a point of the screen, or null; of two, the one on top. */
    roadAt(point, radius = HIT_RADIUS_PX) {
      const { map, settings } = this;
      const box = [
        [point.x - radius, point.y - radius],
        [point.x + radius, point.y + radius],
      ];
      const layers = Object.keys(settings.layers).filter((layer) => map.getLayer(layer));
      let nearest = null;
      let nearestDistance = Infinity;
      map.queryRenderedFeatures(box, { layers }).forEach((feature) => {
        const code = this.codes[feature.id];
        if (code === undefined || this.hidden.has(code)) return;
        const distance = this.distanceTo(feature.geometry, code, point) - code * ON_TOP_PX;
        if (distance < nearestDistance) {
          nearestDistance = distance;
          nearest = feature;
        }
      });
      return nearest && { id: nearest.id, properties: nearest.properties };
    }

    /** Pixels from a point to the edge of the line drawn for a road; 0 on the line. */
    distanceTo(geometry, code, point) {
      const zoom = this.map.getZoom();
      const offset = atZoom(this.settings.offsetPx, zoom);
      const halfWidth = atZoom(this.settings.widthPx[code], zoom) / 2;
      let distance = Infinity;
      app.partsOf(geometry).forEach((part) => {
        const corners = part.map((corner) => this.map.project(corner));
        for (let i = 1; i < corners.length; i += 1) {
          const here = distanceToStretch(point, corners[i - 1], corners[i], offset);
          distance = Math.min(distance, here);
        }
      });
      return Math.max(0, distance - halfWidth);
    }

    /** Outline one road, or none. */
    highlight(id) {
      if (id === this.hovered) return;
      const { map } = this;
      const { source } = this.settings;
      if (this.hovered !== null) {
        map.setFeatureState({ source, id: this.hovered }, { hover: false });
      }
      if (id !== null) map.setFeatureState({ source, id }, { hover: true });
      this.hovered = id;
      this.outline();
    }

    /** Draw the outline around the road pointed at, as wide as its status asks for. */
    async outline() {
      const { map, settings, hovered } = this;
      if (hovered === null && this.outlined === null) return;
      const features = hovered === null ? [] : await this.features();
      // The pointer may have gone on while the roads came.
      if (this.hovered !== hovered) return;
      this.outlined = hovered;
      const road = features[hovered];
      const outlined = road && {
        ...road,
        properties: { ...road.properties, status: this.codes[hovered] },
      };
      map
        .getSource(settings.highlightSource)
        .setData({ type: "FeatureCollection", features: outlined ? [outlined] : [] });
    }

    /** Outline the roads of a zone; none by an empty list. */
    outlineZone(features) {
      this.zoneRoads = features;
      const { zoneSource } = this.settings;
      this.map.getSource(zoneSource)?.setData({ type: "FeatureCollection", features });
    }

    /** Mark the visitor's own place; null for none. */
    showDot(place) {
      this.ownPlace = place;
      const geometry = { type: "Point", coordinates: place };
      const features = place ? [{ type: "Feature", properties: {}, geometry }] : [];
      const { nearSource } = this.settings;
      this.map.getSource(nearSource)?.setData({ type: "FeatureCollection", features });
    }

    /** Every road of the network; none when they cannot be had. */
    features() {
      return app.networkFeatures(this.network, this.settings.networkUrl).catch(() => []);
    }

    /** Call back with what is under the pointer, at most once a frame. */
    onPointer({ move, leave, click }) {
      const { map } = this;
      let waiting = null;
      map.on("mousemove", (event) => {
        const isFirst = waiting === null;
        waiting = event.point;
        if (!isFirst) return;
        window.requestAnimationFrame(() => {
          const point = waiting;
          waiting = null;
          if (map.isMoving()) return;
          const road = this.roadAt(point);
          const isSign = this.roadworksAt(point) !== null;
          map.getCanvas().style.cursor = road || isSign ? "pointer" : "";
          move(road, point);
        });
      });
      map.on("mouseout", leave);
      map.on("click", (event) => click(event.point, map.unproject(event.point)));
      map.on("movestart", leave);
    }

    project(place) {
      return this.map.project(place);
    }

    centre() {
      return this.map.getCenter();
    }

    canvas() {
      return this.map.getCanvas();
    }

    zoomBy(levels) {
      this.map.easeTo({ zoom: this.map.getZoom() + levels, duration: 200 }, BY_HAND);
    }

    fitWhole(options) {
      this.fit(this.settings.bounds, options);
    }

    /** Show all that lies between west, south, east and north. */
    fit(bounds, { animate = true } = {}) {
      const margin = FIT_PADDING_PX;
      const { top, bottom } = this.overlaid();
      const padding = { top: margin + top, left: margin, right: margin, bottom: margin + bottom };
      const options = { padding, maxZoom: CLOSEST_FIT, linear: true, duration: 600, animate };
      this.map.fitBounds(bounds, options, BY_HAND);
    }

    /** Where the map looks: latitude, longitude and zoom. */
    view() {
      const { lat, lng } = this.map.getCenter();
      return [lat, lng, this.map.getZoom()];
    }

    turnTo([lat, lng, zoom]) {
      this.map.jumpTo({ center: [lng, lat], zoom }, BY_HAND);
    }

    /** Fly to a place; resolves on arrival. */
    async flyTo(place) {
      const arrived = once(this.map, "moveend");
      const zoom = Math.max(this.map.getZoom(), CLOSE_ZOOM);
      const offset = [0, -this.covered() / 2];
      this.map.flyTo({ center: place, zoom, offset, maxDuration: 1800 }, BY_HAND);
      await arrived;
    }

    /** Pixels of the map's foot that a phone's sheet lies on, where there is one. */
    covered() {
      return app.sheet?.overlap(this.map.getContainer()) ?? 0;
    }

    /** Pixels of the map's head and foot that something lies across: the field that finds a place,
        the legend, a phone's sheet. */
    overlaid() {
      const map = this.map.getContainer().getBoundingClientRect();
      const across = (selector) => {
        const box = document.querySelector(selector)?.getBoundingClientRect();
        return box && box.width > ACROSS * map.width ? box : null;
      };
      const [find, legend] = [across(".find"), across(".legend")];
      return {
        top: find ? find.bottom - map.top : 0,
        bottom: Math.max(this.covered(), legend ? map.bottom - legend.top : 0),
      };
    }

    /** Move a place out from under the sheet, where it lies there. */
    uncover(place) {
      const covered = this.covered();
      const visible = this.map.getContainer().clientHeight - covered;
      if (this.project(place).y <= visible) return;
      this.map.easeTo({ center: place, offset: [0, -covered / 2] }, BY_HAND);
    }
  }

  app.LayerDriver = LayerDriver;
})();
