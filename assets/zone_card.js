/* One zone, in the panel: its state, its next hour, its worst stretches and its corridors. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  // The document of a snapshot's zones, and the snapshot it is of.
  const state = { places: null, version: null };

  /** Fetch what the snapshot shown tells of the zones; until it is there the last one stays. */
  const load = async () => {
    const { version } = page.snapshot;
    if (state.version === version) return;
    try {
      const places = await app.zonePlaces(version, page.settings.map.zonePlacesUrl);
      if (page.snapshot.version !== version) return;
      Object.assign(state, { places, version });
      app.panel.rewrite();
    } catch {
      // The server has a newer snapshot: the next refresh brings it here.
    }
  };

  /** Its state at the moment shown. */
  const stateLine = (zone) => {
    const { kind, status, lost, usual = "" } = app.figures.zoneTold(zone);
    const line = app.element("p", "zone-told");
    line.append(
      app.element("strong", `answer answer--${kind}`, status),
      app.element("span", "zone-told-lost", lost),
      app.element("span", "", usual),
    );
    return line;
  };

  const titled = (title, part) => {
    const section = app.element("div", "panel-part");
    section.append(app.element("h3", "panel-part-title", title), part);
    return section;
  };

  const stretchItem = (worst) => {
    const told = app.figures.stretchTold(worst);
    return app.stretchItem("worst-stretch", told, () => app.roadCard.flyTo(worst[0]));
  };

  const worstPart = ({ worst }) => {
    const { glance: words } = page.texts;
    if (worst.length === 0) return titled(words.worst, app.element("p", "muted", words.worst_none));
    const list = app.element("ol", "worst-stretches");
    list.append(...worst.map(stretchItem));
    return titled(words.worst, list);
  };

  const corridorsPart = ({ corridors }) => {
    const { corridors: words } = page.texts;
    const table = app.figures.corridorTable(new Set(corridors));
    return table ? [titled(words.title, table)] : [];
  };

  /** The lists, which tell of now whatever moment is shown. */
  const listsOf = (zone) => {
    const places = state.places?.[zone];
    if (!places) return [];
    const lists = [worstPart(places), ...corridorsPart(places)];
    if (page.moment.kind === "now") return lists;
    return [app.element("h3", "panel-part-title", page.texts.zones_now.title), ...lists];
  };

  const write = () => {
    const { zone, texts } = page;
    const ahead = app.nowcast.zonePart(zone);
    const parts = [stateLine(zone), ...listsOf(zone), ...(ahead ? [ahead] : [])];
    return { title: texts.zone[zone], parts };
  };

  const content = {
    ground: true,
    write,
    closed: () => page.zone && app.moment.chooseZone(null, { goesThere: false }),
  };

  const follow = () => {
    const { zone, snapshot, frame } = page;
    if (!zone || !snapshot || !frame) {
      app.panel.leave(content);
      return;
    }
    load();
    app.panel.open(content);
  };

  const update = () => {
    if (!page.zone || !page.frame || !page.snapshot) return;
    if (app.panel.isOpen(content)) app.panel.rewrite();
    else follow();
    load();
  };

  app.follow(["zone"], follow);
  // With the map too, which goes to the zone of the address, above the sheet that tells of it.
  app.follow(["snapshot", "moment", "forecast", "nextHour", "zoneTable", "driver"], update);
})();
