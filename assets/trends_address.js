/* The address of the page of the archive: controls write it, and it sets the controls. */
(() => {
  "use strict";
  const VIEWS = "#trends-views .trends-view";
  const HANDLED = "trends-";

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
      if (view === shown) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    for (const control of document.querySelectorAll(".trends-control")) {
      control.hidden = !control.dataset.views.split(" ").includes(shown);
    }
  };

  /** Of the search and the controls' values, in the order of their callback's. */
  const address = (search, ...values) => {
    const dash = window.dash_clientside;
    const { callback_context: context } = dash;
    const names = context.inputs_list.slice(1).map(({ id }) => id.slice(HANDLED.length));
    const parts = asked(search);
    const isFromControl = context.triggered.some(({ prop_id: id }) => id.endsWith(".value"));
    if (!isFromControl) {
      markLinks(parts);
      return [dash.no_update, ...names.map((name) => parts.get(name)), viewOf(parts)];
    }
    names.forEach((name, place) => {
      if (values[place]) parts.set(name, values[place]);
      else parts.delete(name);
    });
    markLinks(parts);
    const next = text(parts);
    return [
      next === text(asked(search)) ? dash.no_update : next,
      ...names.map(() => dash.no_update),
      viewOf(parts),
    ];
  };

  // From view to view without loading the page again.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(VIEWS);
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    window.dash_clientside.set_props("trends-address", { search: link.getAttribute("href") });
  });

  window.dash_clientside = { ...window.dash_clientside, trends: { address } };
})();
