/* The names on the map: communes, junctions and roads, while no tiles of the backdrop tell them. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  class MapNames {
    constructor(map, settings) {
      this.map = map;
      this.settings = settings;
      this.network = null;
      this.fetched = null;
      // A backdrop has names of its own: ours are written once it turns out not to come.
      this.isWanted = !map.getLayer(settings.tiles);
      this.arrived = 0;
      this.failed = 0;
      map.on("sourcedata", ({ sourceId, tile }) => {
        if (sourceId === settings.tiles && tile) this.tileCame(tile);
      });
      map.on("error", ({ sourceId }) => {
        if (sourceId === settings.tiles) this.failed += 1;
        // Asked for again with the next refresh.
        if (sourceId === settings.namesSource) this.fetched = null;
      });
      map.on("idle", () => this.judgeTiles());
    }

    /** Write the names of a network, whose roads are on the screen by now. */
    follow(network) {
      this.network = network;
      this.show();
    }

    /** After a change of style, which forgets what was set on the old one. */
    restore() {
      this.fetched = null;
      this.show();
    }

    /** A tile that the server does not have comes too: MapLibre makes one point of nothing. */
    tileCame({ texture }) {
      if (!(texture?.size[0] > 1)) {
        this.failed += 1;
        return;
      }
      this.arrived += 1;
      this.want(false);
    }

    /** Once all tiles of a view have come or failed; some that are missing are not yet a reason. */
    judgeTiles() {
      if (this.failed > 0 && this.arrived === 0) this.want(true);
      this.arrived = 0;
      this.failed = 0;
    }

    want(isWanted) {
      if (isWanted === this.isWanted) return;
      this.isWanted = isWanted;
      this.show();
    }

    show() {
      const { map, settings, network, isWanted } = this;
      if (isWanted && network && network !== this.fetched) {
        this.fetched = network;
        const url = settings.namesUrl.replace("{version}", network);
        map.getSource(settings.namesSource).setData(url);
      }
      settings.namesLayers.forEach((layer) => {
        map.setLayoutProperty(layer, "visibility", isWanted ? "visible" : "none");
      });
    }
  }

  app.MapNames = MapNames;
})();
