/* Roadworks: fetched once per version, drawn on the map, counted in the legend, listed, and told
   on the card of a road. All words of the publisher are written as text. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;
  const { traffic: callbacks } = window.dash_clientside;

  const LATE_SECONDS = 3 * 3600;
  const LISTED = 12;
  const ON_A_CARD = 3;
  const TICK_MS = 30000;
  const SIGN_UNITS = 24;
  const SVG = "http://www.w3.org/2000/svg";
  // One form for each level, in a square of 24: told apart without colour.
  const SIGNS = {
    avoid: "M12 1 23 21.5H1Z",
    difficult: "M12 2 22.5 21H1.5ZM12 7.5 18 18.5H6Z",
    limited: "M12 1.5 22.5 12 12 22.5 1.5 12Z",
    unknown: "M12 1.5 22.5 12 12 22.5 1.5 12ZM12 6.5 17.5 12 12 17.5 6.5 12Z",
    night: "M15 2A10.5 10.5 0 1 0 15 22 8.5 10 0 0 1 15 2Z",
    none: "M5 5H19V19H5ZM8.5 8.5V15.5H15.5V8.5Z",
  };

  const state = {
    // What the server told last: the version of the document, and when the list was received.
    mark: null,
    // The document of that version, once it is there.
    told: null,
    bySegment: new Map(),
    isInView: false,
    isWhole: false,
  };

  /** Whether the legend shows them. */
  const isShown = () => !page.hidden.has("roadworks");

  /** The form of a level, for the list and the card. */
  const sign = (level) => {
    const drawn = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    drawn.setAttribute("viewBox", `0 0 ${SIGN_UNITS} ${SIGN_UNITS}`);
    drawn.setAttribute("class", `roadwork-sign roadwork-sign--${level}`);
    drawn.setAttribute("aria-hidden", "true");
    path.setAttribute("d", SIGNS[level]);
    path.setAttribute("fill-rule", "evenodd");
    drawn.append(path);
    return drawn;
  };

  /** A day written as 2026-12-31, in words; its year where that is not this one. */
  const dayWords = (day) => app.wording.calendarDay(day, state.told.day, page.texts);

  const whenWords = ({ first_day: first, last_day: last, active }) => {
    const { roadworks: words } = page.texts;
    const values = { first: dayWords(first), last: dayWords(last) };
    if (active) return app.wording.fill(last === state.told.day ? words.until_today : words.until, values);
    return app.wording.fill(first === last ? words.one_day : words.range, values);
  };

  const placeWords = ({ place, town }) => {
    const { roadworks: words } = page.texts;
    if (!place) return town || words.no_place;
    const isElsewhere = town && town !== page.settings.city;
    return isElsewhere ? app.wording.fill(words.place, { place, town }) : place;
  };

  const kindWords = ({ kinds }) => kinds.filter(Boolean).join(", ") || page.texts.roadworks.no_kind;

  const levelWords = ({ level }) => page.texts.roadwork_level[level];

  /** Lines, areas and a sign of each, as the map's source takes them; worst last, to be on top. */
  const featuresOf = ({ roadworks }) =>
    roadworks
      .flatMap(({ level, active, geometry, point }, place) => {
        const properties = { level, active, place };
        const feature = (shape, isSign) => ({
          type: "Feature",
          geometry: shape,
          properties: { ...properties, sign: isSign },
        });
        if (!point) return [];
        return [feature(geometry, false), feature({ type: "Point", coordinates: point }, true)];
      });

  const draw = () => {
    const features = state.told && isShown() ? featuresOf(state.told) : [];
    page.driver?.showRoadworks({ type: "FeatureCollection", features });
  };

  const lineWords = () => {
    const { texts } = page;
    const { roadworks: words } = texts;
    if (!state.mark) return words.waiting;
    if (state.told?.source === "demo") return words.simulated;
    const [, received] = state.mark;
    const now = app.freshness.now();
    const age = Math.max(0, now - received);
    return app.wording.fill(age > LATE_SECONDS ? words.late : words.received, {
      when: app.wording.when(received, now, texts),
      age: app.wording.age(age, texts),
    });
  };

  const isLate = () =>
    state.mark !== null &&
    state.told?.source === "live" &&
    app.freshness.now() - state.mark[1] > LATE_SECONDS;

  const itemOf = (roadwork, place) => {
    const { roadworks: words } = page.texts;
    const item = app.element("li", roadwork.active ? "roadwork" : "roadwork roadwork--coming");
    const button = app.element(roadwork.point ? "button" : "div", "roadwork-body");
    const what = app.wording.fill(words.what, {
      kinds: kindWords(roadwork),
      when: whenWords(roadwork),
    });
    const body = app.element("span", "roadwork-words");
    body.append(
      app.element("span", "roadwork-place", placeWords(roadwork)),
      app.element("span", "roadwork-what", what),
      app.element("span", "roadwork-level", levelWords(roadwork)),
    );
    button.append(sign(roadwork.level), body);
    if (roadwork.point) {
      button.type = "button";
      button.addEventListener("click", () => flyTo(place));
    }
    item.append(button);
    return item;
  };

  /** Those that the list shows, each with its place in the document. */
  const wanted = () =>
    (state.told?.roadworks ?? [])
      .map((roadwork, place) => ({ roadwork, place }))
      .filter(
        ({ roadwork: { point } }) =>
          !state.isInView || (point !== null && (page.driver?.isInView(point) ?? true)),
      );

  const list = () => {
    const box = document.getElementById("roadworks-list");
    if (!box) return;
    const { roadworks: words } = page.texts;
    if (!state.told) {
      box.replaceChildren();
      app.write({ "roadworks-in-view": { hidden: true }, "roadworks-more": { hidden: true } });
      return;
    }
    const found = wanted();
    const shown = state.isWhole ? found : found.slice(0, LISTED);
    const empty = app.element("li", "muted", state.isInView ? words.none_in_view : words.none);
    box.replaceChildren(
      ...(found.length ? shown.map(({ roadwork, place }) => itemOf(roadwork, place)) : [empty]),
    );
    const more = found.length - shown.length;
    app.write({
      "roadworks-in-view": { hidden: state.told.roadworks.length === 0 },
      "roadworks-more": {
        hidden: more === 0,
        text: app.wording.counted(words.more, more, {}),
      },
    });
  };

  const writeLine = () => {
    if (!page.texts || !document.getElementById("roadworks-line")) return;
    app.write({
      "roadworks-line": {
        text: lineWords(),
        className: isLate() ? "roadworks-line roadworks-line--late" : "roadworks-line",
      },
    });
  };

  const writeLegend = () => {
    const { texts } = page;
    const { roadworks: words } = texts;
    const active = state.told?.roadworks.filter((one) => one.active).length;
    const isKnown = active !== undefined;
    app.write({
      "legend-figures-roadworks": {
        text: isKnown ? app.wording.number(active) : texts.glance.no_value,
      },
      "legend-roadworks": {
        title: isKnown ? app.wording.counted(words.legend_explanation, active, {}) : words.legend_hint,
      },
    });
  };

  const update = () => {
    state.bySegment = new Map();
    state.told?.roadworks.forEach(({ segments }, place) =>
      segments.forEach((segment) => {
        if (!state.bySegment.has(segment)) state.bySegment.set(segment, []);
        state.bySegment.get(segment).push(place);
      }),
    );
    draw();
    writeLine();
    writeLegend();
    list();
    app.roadCard?.update();
  };

  /** Whether the document of the mark is there. */
  const isTold = () => state.mark !== null && state.told?.version === state.mark[0];

  /** What a refresh says of them: a mark, null where there are none, undefined without news. */
  const follow = async (mark) => {
    if (mark === undefined) return;
    state.mark = mark;
    if (mark !== null && !isTold()) {
      try {
        const told = await app.roadworksOf(mark[0], page.settings.map.roadworksUrl);
        if (state.mark !== mark) return;
        state.told = told;
      } catch {
        // The server has others by now, or does not answer: the next refresh tells of them anew.
      }
    }
    if (!isTold()) state.told = null;
    update();
  };

  /** The lines on the card of a road: which roadworks are on it. */
  const partOf = ({ id }) => {
    const places = state.bySegment.get(id) ?? [];
    const { roadworks: words } = page.texts;
    const lines = places.slice(0, ON_A_CARD).map((place) => {
      const roadwork = state.told.roadworks[place];
      const line = app.element("p", "road-roadwork");
      const text = app.wording.fill(words.on_road, {
        kinds: kindWords(roadwork),
        place: placeWords(roadwork),
        when: whenWords(roadwork),
        level: levelWords(roadwork),
      });
      line.append(sign(roadwork.level), app.element("span", "", text));
      return line;
    });
    const more = places.length - lines.length;
    if (more > 0) {
      const text = app.wording.counted(words.more_on_road, more, {});
      lines.push(app.element("p", "road-roadwork", text));
    }
    return lines;
  };

  /** Which roadworks on a road's stretch may be why it is slower than usual, in words, or null. */
  const causeOf = ({ id }) => {
    const roadwork = state.told?.roadworks[state.told.causes[id]];
    return roadwork
      ? app.wording.fill(page.texts.roadworks.cause, {
          place: placeWords(roadwork),
          level: levelWords(roadwork),
        })
      : null;
  };

  /** All about one of them, in the panel. */
  const tell = (place) => {
    const roadwork = state.told.roadworks[place];
    const { roadworks: words } = page.texts;
    const level = app.element("p", "road-status");
    level.append(sign(roadwork.level), app.element("span", "roadwork-level", levelWords(roadwork)));
    const what = app.wording.fill(words.what, {
      kinds: kindWords(roadwork),
      when: whenWords(roadwork),
    });
    const parts = [
      level,
      app.element("p", "", what),
      ...(roadwork.purpose ? [app.element("p", "muted", roadwork.purpose)] : []),
    ];
    app.panel.open({ write: () => ({ title: placeWords(roadwork), parts }) });
  };

  const flyTo = async (place) => {
    const { driver } = page;
    const roadwork = state.told?.roadworks[place];
    if (!driver || !roadwork) return;
    if (!isShown()) callbacks.toggleRoadworks();
    document.getElementById("map-frame").scrollIntoView({ block: "nearest" });
    app.sheet.lower("half");
    tell(place);
    await driver.flyTo(roadwork.point);
  };

  callbacks.toggleRoadworks = () => app.trafficMap.toggle("roadworks");

  app.follow(["hidden"], () => {
    app.write({ "legend-roadworks": { "aria-pressed": String(isShown()) } });
    draw();
  });

  callbacks.toggleRoadworksInView = () => {
    state.isInView = !state.isInView;
    app.write({ "roadworks-in-view": { "aria-pressed": String(state.isInView) } });
    list();
  };

  callbacks.showAllRoadworks = () => {
    state.isWhole = true;
    list();
  };

  app.follow(["driver"], () => {
    draw();
    page.driver?.onRest(() => state.isInView && list());
  });
  app.follow(["frame"], () =>
    app.write({ "roadworks-in-view": { "aria-pressed": String(state.isInView) } }),
  );
  window.setInterval(writeLine, TICK_MS);

  // What is not there yet is told as not known, so that the next refresh names it again.
  const mark = () => (isTold() ? state.mark : null);

  app.roadworks = { follow, partOf, causeOf, tell, mark, SIGNS };
})();
