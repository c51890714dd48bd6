/* The address of the page of the archive: controls write it, and it sets the controls. */
(() => {
  "use strict";
  const VIEWS = "#trends-views .trends-view";
  const HANDLED = "trends-";
  const PICKED_MS = 800;
  const PLACES = new Set(["lieu", "lieu2"]);
  // As assets/shell.css has it: below, the settings are folded.
  const WIDE = "(min-width: 768px)";

  const asked = (search) => new URLSearchParams(search);
  const text = (parts) => {
    const written = parts.toString();
    // Colons and slashes mean nothing in a query: places stay readable.
    return written && `?${written.replaceAll("%3A", ":").replaceAll("%7E", "~")}`;
  };

  const views = () => [...document.querySelectorAll(VIEWS)];
  const viewOf = (parts) => parts.get("vue") || views()[0]?.dataset.view || "";

  /** Links to the other views keep what was chosen. */
  const markLinks = (parts) => {
    const shown = viewOf(parts);
    for (const link of views()) {
      const { view } = link.dataset;
      const other = new URLSearchParams(parts);
      other.set("vue", view);
      link.setAttribute("href", text(other));
      if (view === shown) {
        link.setAttribute("aria-current", "page");
        const { offsetLeft, offsetWidth, parentElement: nav } = link;
        nav.scrollLeft = offsetLeft - nav.offsetLeft - (nav.clientWidth - offsetWidth) / 2;
      } else link.removeAttribute("aria-current");
    }
    for (const control of document.querySelectorAll(".trends-control")) {
      control.hidden = !control.dataset.views.split(" ").includes(shown);
    }
  };

  const follow = { isFolding: false };

  /** Folded where they would fill the screen, open beside a whole page. */
  const fold = () => {
    if (follow.isFolding) return;
    follow.isFolding = true;
    const wide = window.matchMedia(WIDE);
    const settings = document.querySelector(".trends-settings");
    const adapt = () => (settings.open = wide.matches);
    wide.addEventListener("change", adapt);
    adapt();
    skipHidden();
    takePicked();
  };

  /** A day that is picked from the browser's calendar leaves neither the field nor a key: it counts once
      nothing more is chosen for a while. */
  const takePicked = () => {
    let waiting;
    document.getElementById("trends-controls").addEventListener("input", ({ target }) => {
      if (!target.matches("input[type=date], input[type=time]")) return;
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        const { badInput } = target.validity;
        if (!badInput) window.dash_clientside.set_props(target.id, { value: target.value });
      }, PICKED_MS);
    });
  };

  /** Dash's lists have a field that is hidden from who hears the page, and that the keyboard would stop
      at all the same; they come when their script is there. */
  const skipHidden = () => {
    const form = document.getElementById("trends-controls");
    const skip = () => {
      for (const field of form.querySelectorAll("input[aria-hidden=true]")) field.tabIndex = -1;
    };
    new MutationObserver(skip).observe(form, { childList: true, subtree: true });
    skip();
  };

  /** What controls show; where the address is silent, what is in force for its view. A place that no
      list offers is shown by none, which would forget it: the address keeps it. */
  const shownValues = (names, parts, { defaults, offered }) => {
    const silent = JSON.parse(defaults)[viewOf(parts)] ?? {};
    const shown = (name) => parts.get(name) ?? silent[name] ?? null;
    const isOffered = (name) => !PLACES.has(name) || offered.has(shown(name));
    return names.map((name) => (isOffered(name) ? shown(name) : null));
  };

  /** What the controls say, where that is not what is in force without it. */
  const write = (parts, names, values, known) => {
    const before = shownValues(names, parts, known);
    names.forEach((name, place) => {
      const value = values[place] || null;
      if (value === before[place]) return;
      if (value) parts.set(name, value);
      else parts.delete(name);
    });
  };

  /** Of the search, what is in force and the controls' values, in the order of their callback's. */
  const address = (search, defaults, ...values) => {
    const dash = window.dash_clientside;
    const { callback_context: context } = dash;
    const names = context.inputs_list.slice(2).map(({ id }) => id.slice(HANDLED.length));
    const parts = asked(search);
    // Behind the values: the view that is shown, and the places.
    const known = { defaults, offered: new Set(values[names.length + 1].map(({ value }) => value)) };
    const isTold = (end) => context.triggered.some(({ prop_id: id }) => id.endsWith(end));
    fold();
    if (isTold(".value")) write(parts, names, values, known);
    markLinks(parts);
    const next = text(parts);
    const shown = shownValues(names, parts, known);
    // Another day has begun: the same address asks for something else, unless it names its days.
    const isOtherDay =
      isTold(".data-defaults") && shown.some((value, place) => value !== (values[place] || null));
    return [
      next === text(asked(search)) && !isOtherDay ? dash.no_update : next,
      ...shown,
      viewOf(parts),
    ];
  };

  /** The browser's tab says what is shown. */
  const title = (heading, name) => {
    document.title = heading ? `${heading} – ${name}` : name;
    return window.dash_clientside.no_update;
  };

  /** A view keeps what it shows in the address by itself: no other part of the page is asked anew. */
  const keep = (search) => {
    const { state } = window.history;
    window.history.replaceState(state, "", search + window.location.hash);
    markLinks(asked(search));
  };

  // From view to view, and to what results lead to, without loading the page again.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(`${VIEWS}, .trends-link`);
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    window.dash_clientside.set_props("trends-address", { search: link.getAttribute("href") });
    // What was pressed is gone with the result that it was in.
    if (!link.matches(VIEWS)) document.getElementById("trends-heading").focus();
  });

  window.dash_clientside = { ...window.dash_clientside, trends: { address, keep, title } };
})();
