/* The table of all stretches: what the map shows at the moment shown, sorted and filtered. It is
   filled once it is opened, and follows the page from then on. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const MINUS = "\u2212";
  // What is sorted upwards at first.
  const UPWARDS = new Set(["name", "speed"]);

  const state = {
    // The network whose rows these are; a row a stretch.
    network: null,
    rows: [],
    // The moment whose figures were asked for, and what came: null where nothing did.
    asked: null,
    figures: null,
    sortedBy: "delay",
    isUpwards: false,
  };

  const box = () => document.getElementById("all-stretches");
  const isOpen = () => Boolean(page.frame && box()?.open);

  /** The cells of a row: its name, which leads to the road, and places for figures. */
  const makeRow = (words, segments, zones) => {
    const name = app.element("th", "stretch-name");
    Object.assign(name, { scope: "row" });
    const button = app.element("button", "link-button", words.way);
    Object.assign(button, { type: "button" });
    button.addEventListener("click", () =>
      app.roadCard.flyTo(segments[Math.floor(segments.length / 2)]),
    );
    name.append(button);
    if (words.ends) name.append(app.element("span", "worst-soft", words.ends));
    const { stretch_table: titles } = page.texts;
    const cells = ["length", "status", "speed", "delay", "usual"].map((column) => {
      const cell = app.element("td");
      cell.dataset.label = titles[column];
      return cell;
    });
    const line = app.element("tr");
    line.append(name, ...cells);
    [line, name, ...cells].forEach((part, place) =>
      part.setAttribute("role", ["row", "rowheader"][place] ?? "cell"),
    );
    cells[0].textContent = words.length;
    return { line, cells, zones, place: app.match.prepare({ name: words.way, beside: words.ends }) };
  };

  const makeRows = ({ stretches, of }, features) => {
    const segments = app.segmentsByStretch({ stretches, of });
    return stretches.map((parts, stretch) => {
      const { way, ...words } = app.wording.stretch(parts, page.texts);
      const [, , road, , , lengthM] = parts;
      const named = { ...words, way: road ? way : page.texts.road.no_name };
      const zones = new Set(segments[stretch].map((id) => features[id].properties.zone));
      const sortable = { name: `${named.way} ${named.ends}`, length: lengthM };
      return { ...makeRow(named, segments[stretch], zones), stretch, sortable };
    });
  };

  /** Where the figures of the moment shown are; null while nothing can be told of it. */
  const addressOfFigures = () => {
    const { forecast, moment, nextHour, settings, snapshot } = page;
    const { stretchFigures: urls } = settings.map;
    if (moment.kind === "now") return app.addressOf(urls.now, snapshot.version);
    if (forecast?.state !== "ready") return null;
    if (moment.kind === "hour") {
      return `${urls.hour}?hour=${moment.hour}&day=${moment.day}&of=${forecast.key}`;
    }
    return app.addressOf(urls.ahead, nextHour.version).replace("{minutes}", moment.minutes);
  };

  const signed = (seconds) => {
    const told = app.wording.duration(Math.abs(seconds));
    return seconds < 0 ? `${MINUS}${told}` : `+${told}`;
  };

  const told = (value, write) => (value === null ? page.texts.glance.no_value : write(value));

  const tellRow = ({ cells, stretch, sortable }) => {
    const { forecast, texts, settings } = page;
    const column = (name) => state.figures[name][stretch];
    const [code, speed, delay, usual] = ["status", "speed_kmh", "delay_s", "usual_delay_s"].map(column);
    const status = settings.statuses[code];
    const places = cells.slice(1);
    const words = [
      (forecast ? texts.forecast_status : texts.status)[status],
      told(speed, app.wording.speed),
      told(delay, app.wording.duration),
      told(usual, signed),
    ];
    words.forEach((text, place) => {
      if (places[place].textContent !== text) places[place].textContent = text;
    });
    places[0].className = `ahead ahead--${status}`;
    // What is unknown comes last, whichever way.
    Object.assign(sortable, { status: code || null, speed, delay, usual });
  };

  const compare = (one, other) => {
    const [a, b] = [one, other].map(({ sortable }) => sortable[state.sortedBy]);
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    const order = typeof a === "string" ? a.localeCompare(b, document.documentElement.lang) : a - b;
    return state.isUpwards ? order : -order;
  };

  const chosen = () => {
    const text = document.getElementById("stretch-filter").value.trim();
    const rows = state.rows.filter(({ zones }) => !page.zone || zones.has(page.zone));
    if (!text) return rows;
    const fitting = new Set(app.match.fitting(text, rows.map(({ place }) => place)));
    return rows.filter(({ place }) => fitting.has(place));
  };

  /** Put the rows in their order; what has the focus keeps it. */
  const arrange = () => {
    const body = document.getElementById("stretch-rows");
    const lines = chosen().toSorted(compare).map(({ line }) => line);
    const isSame = lines.length === body.children.length && lines.every((line, i) => body.children[i] === line);
    if (isSame) return;
    const focused = document.activeElement;
    body.replaceChildren(...lines);
    if (body.contains(focused)) focused.focus({ preventScroll: true });
  };

  const markSorted = () => {
    box().querySelectorAll("[data-column]").forEach((button) => {
      const heading = button.parentElement;
      if (button.dataset.column !== state.sortedBy) heading.removeAttribute("aria-sort");
      else heading.setAttribute("aria-sort", state.isUpwards ? "ascending" : "descending");
    });
  };

  /** How many rows there are of which moment and zone, or why there are none. */
  const noteWords = () => {
    const { texts, moment, zone } = page;
    const { stretch_table: words } = texts;
    if (!state.figures) return app.mapForecast.pending() ?? words.waiting;
    const count = document.getElementById("stretch-rows").childElementCount;
    const where = zone ? texts.zone[zone] : words.everywhere;
    return app.wording.counted(words.count, count, { when: app.moment.words(moment), where });
  };

  const write = () => {
    if (state.figures) {
      state.rows.forEach(tellRow);
      arrange();
    } else {
      document.getElementById("stretch-rows").replaceChildren();
    }
    markSorted();
    const text = noteWords();
    app.write({ "stretch-note": { text }, "stretch-caption": { text } });
  };

  const loadRows = async () => {
    const { network } = page.snapshot;
    if (state.network === network) return;
    const { stretchesUrl, networkUrl } = page.settings.map;
    const [stretches, features] = await Promise.all([
      app.networkStretches(network, stretchesUrl),
      app.networkFeatures(network, networkUrl),
    ]);
    Object.assign(state, { network, rows: makeRows(stretches, features), asked: null, figures: null });
  };

  /** Fetch what is told of the moment shown; of another one nothing is shown meanwhile. */
  const loadFigures = async () => {
    const address = addressOfFigures();
    if (state.asked === address) return;
    const isOfNow = (url) => url?.startsWith("/snapshot/");
    // The snapshot before is shown until the new one is there.
    const stays = isOfNow(state.asked) && isOfNow(address);
    Object.assign(state, { asked: address, figures: stays ? state.figures : null });
    write();
    const figures = address && (await app.fetchJson(address).catch(() => null));
    if (state.asked !== address) return;
    // A failure is not kept: the next refresh asks again.
    Object.assign(state, { figures: figures ?? null, asked: figures ? address : null });
    write();
  };

  const update = async () => {
    if (!isOpen() || !page.snapshot) return;
    try {
      await loadRows();
      await loadFigures();
    } catch {
      // The server is away, which the page says elsewhere: the next refresh asks again.
    }
  };

  const sort = (column) => {
    const isUpwards = column === state.sortedBy ? !state.isUpwards : UPWARDS.has(column);
    Object.assign(state, { sortedBy: column, isUpwards });
    write();
  };

  const open = () => {
    box().open = true;
  };

  document.addEventListener("click", ({ target }) => {
    const column = target.closest?.(".stretch-table [data-column]")?.dataset.column;
    if (column) sort(column);
    if (target.closest?.('a[href="#all-stretches-summary"]')) open();
  });
  document.addEventListener("input", ({ target }) => {
    if (target.id === "stretch-filter" && state.figures) write();
  });
  // It does not bubble.
  document.addEventListener("toggle", ({ target }) => target === box() && update(), true);

  /** Another visit of the page has another, closed table. */
  const forget = () => Object.assign(state, { network: null, rows: [], asked: null, figures: null });

  app.follow(["frame"], forget);
  app.follow(["snapshot", "moment", "forecast", "nextHour"], update);
  app.follow(["zone"], () => isOpen() && state.figures && write());
})();
