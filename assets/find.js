/* The field that finds a street, a junction, a stretch, a corridor, a zone or a commune by its name
   (a combobox as the ARIA Authoring Practices have it), and what becomes of the one chosen. */
(() => {
  "use strict";
  const app = window.trafficRennes;
  const { page } = app;

  const FIELD = "find-field";
  const LIST = "find-list";
  const STATE = "find-state";

  const state = {
    // What can be found, and the network and language that it is of.
    places: [],
    of: null,
    // What was found of the words in the field, and the place of the active one in it; -1 for none.
    found: [],
    active: -1,
  };

  const field = () => document.getElementById(FIELD);
  const list = () => document.getElementById(LIST);

  /** Whatever can be found on the network shown; fetched once somebody is about to write. */
  const load = async () => {
    const { settings, snapshot, texts } = page;
    if (!snapshot) throw new Error("no network yet");
    const { network } = snapshot;
    const of = `${network} ${document.documentElement.lang}`;
    if (state.of === of) return;
    const { placesUrl, stretchesUrl } = settings.map;
    const [names, stretches, features] = await Promise.all([
      app.networkPlaces(network, placesUrl),
      app.networkStretches(network, stretchesUrl),
      app.roads(),
    ]);
    const { zones } = settings;
    Object.assign(state, { of, places: app.places.all(names, stretches, features, { zones, texts }) });
  };

  /** A place of the network shown, by its key; undefined where it has none. */
  const placeOf = async (key) => {
    await load();
    return state.places.find((place) => place.key === key);
  };

  const optionId = (place) => `find-option-${place}`;

  const option = (found, place) => {
    const item = app.element("li", "find-option");
    Object.assign(item, { id: optionId(place) });
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.append(
      app.element("span", "find-name", found.name),
      app.element("span", "find-kind", app.places.kindWords(found, page.texts)),
    );
    return item;
  };

  /** Make one option the active one; none by -1. */
  const activate = (active) => {
    state.active = active;
    [...list().children].forEach((item, place) =>
      item.setAttribute("aria-selected", String(place === active)),
    );
    if (active < 0) {
      field().removeAttribute("aria-activedescendant");
      return;
    }
    field().setAttribute("aria-activedescendant", optionId(active));
    list().children[active].scrollIntoView({ block: "nearest" });
  };

  const say = (text, isSeen) =>
    app.write({ [STATE]: { text, className: isSeen ? "find-state" : "visually-hidden" } });

  const show = (found) => {
    state.found = found;
    list().replaceChildren(...found.map(option));
    app.write({
      [LIST]: { hidden: found.length === 0 },
      [FIELD]: { "aria-expanded": String(found.length > 0) },
    });
    activate(-1);
  };

  const close = () => {
    show([]);
    say("", false);
  };

  const search = async () => {
    const text = field().value;
    const { find: words, find_count: counts } = page.texts;
    if (text.trim() === "") {
      close();
      return;
    }
    try {
      if (state.places.length === 0) say(words.loading, true);
      await load();
    } catch {
      if (field()?.value === text) say(words.failed, true);
      return;
    }
    // What was written since is searched for by itself; who has left the field wants no list.
    if (field()?.value !== text || document.activeElement !== field()) return;
    const found = app.match.find(text, state.places);
    show(found);
    const isFound = found.length > 0;
    say(isFound ? app.wording.counted(counts, found.length, {}) : words.none, !isFound);
  };

  const choose = async (place) => {
    const chosen = state.found[place];
    field().value = chosen.name;
    close();
    await app.foundPlace.open(chosen);
    // Out of the field: what was chosen is read out, and a phone puts its keyboard away.
    document.getElementById("panel-title")?.focus({ preventScroll: true });
  };

  const KEYS = {
    ArrowDown: (last) => (state.active < last ? state.active + 1 : 0),
    ArrowUp: (last) => (state.active > 0 ? state.active - 1 : last),
  };

  const press = (event) => {
    const { key } = event;
    const last = state.found.length - 1;
    if (key in KEYS) {
      event.preventDefault();
      if (last >= 0) activate(KEYS[key](last));
      else search();
    } else if (key === "Enter") {
      event.preventDefault();
      if (last >= 0) choose(Math.max(0, state.active));
    } else if (key === "Escape" && field().value !== "") {
      // Here it empties the field, step by step, and leaves the panel as it is.
      event.preventDefault();
      if (last < 0) field().value = "";
      close();
    }
  };

  const makeField = () => {
    const { find: words } = page.texts;
    const input = Object.assign(app.element("input", "find-field"), {
      id: FIELD,
      type: "text",
      placeholder: words.label,
      autocomplete: "off",
      spellcheck: false,
      enterKeyHint: "search",
    });
    const attributes = {
      role: "combobox",
      autocapitalize: "off",
      "aria-label": words.label,
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": LIST,
    };
    Object.entries(attributes).forEach(([name, value]) => input.setAttribute(name, value));
    input.addEventListener("focus", () => load().catch(() => {}));
    input.addEventListener("input", search);
    input.addEventListener("keydown", press);
    input.addEventListener("blur", close);
    return input;
  };

  const makeList = () => {
    const options = Object.assign(app.element("ul", "find-list"), { id: LIST, hidden: true });
    options.setAttribute("role", "listbox");
    options.setAttribute("aria-label", page.texts.find.results);
    // The focus stays in the field.
    options.addEventListener("mousedown", (event) => event.preventDefault());
    options.addEventListener("click", ({ target }) => {
      const place = [...options.children].indexOf(target.closest("li"));
      if (place >= 0) choose(place);
    });
    return options;
  };

  const makeState = () => {
    const line = Object.assign(app.element("p", "visually-hidden"), { id: STATE });
    line.setAttribute("role", "status");
    return line;
  };

  /** The field is made once for each time that the map's page is shown. */
  const mount = () => {
    const box = document.getElementById("find-box");
    if (page.texts && box?.childElementCount === 0) {
      box.append(makeField(), makeList(), makeState());
    }
  };

  app.find = { mount, placeOf };
  app.follow(["frame", "snapshot"], mount);
})();
