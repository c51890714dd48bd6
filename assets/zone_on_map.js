/* The zone looked at, or what was found by its name, on the map: outlined, and where the map goes. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  // The network that the outline is of.
  let network = null;

  /** The roads of the zone looked at; none for the whole network, or while they cannot be had. */
  const roadsOf = async (zone) => {
    if (!zone || !page.snapshot) return [];
    const features = await app.roads().catch(() => []);
    return features.filter(({ properties }) => properties.zone === zone);
  };

  /** West, south, east and north of some roads. */
  const boundsOf = (features) => {
    const corners = features.flatMap(({ geometry }) => app.partsOf(geometry).flat());
    const [west, south] = [0, 1].map((axis) => Math.min(...corners.map((corner) => corner[axis])));
    const [east, north] = [0, 1].map((axis) => Math.max(...corners.map((corner) => corner[axis])));
    return [west, south, east, north];
  };

  /** The roads of what was found, which lies in the zone or takes its place. */
  const roadsFound = async (found) => {
    const features = await app.roads().catch(() => []);
    return found.flatMap((segment) => features[segment] ?? []);
  };

  const outline = async () => {
    const { driver, found, zone } = page;
    network = page.snapshot?.network ?? null;
    if (!driver) return;
    const features = await (found ? roadsFound(found) : roadsOf(zone));
    if (page.driver === driver && page.found === found && page.zone === zone) {
      driver.outlineZone(features);
    }
  };

  /** Another network has other roads in the zone, and of other forms. */
  const outlineAnew = () => {
    if (page.snapshot && page.snapshot.network !== network) outline();
  };

  /** Have the map show the whole of the zone looked at, or all. */
  const fit = async () => {
    const { driver, zone } = page;
    const features = await roadsOf(zone);
    if (!driver || page.driver !== driver || page.zone !== zone) return;
    if (features.length) driver.fit(boundsOf(features));
    else driver.fitWhole();
  };

  app.follow(["zone", "found", "driver"], outline);
  app.follow(["snapshot"], outlineAnew);
  app.zoneOnMap = { boundsOf, fit };
})();
