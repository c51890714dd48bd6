/* From one page to another without loading any script again; what the nav leads back to. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  // As dash.page_container names it.
  const LOCATION = "_pages_location";

  // Path of the page that is shown, and the last address of the map.
  const state = { path: window.location.pathname, map: null, isForward: false };

  /** The paths of the pages that the nav leads to: those of this application. */
  const inside = () =>
    new Set(
      [...document.querySelectorAll(".site-nav a")]
        .map(({ pathname }) => pathname)
        // A folder is an application of its own: the browser goes there.
        .filter((path) => path === "/" || !path.endsWith("/")),
    );

  const isPlain = (event) =>
    event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);

  /** Whether a link leads to another page of this application, and not to a place on this one. */
  const leadsInside = (link) =>
    link.origin === window.location.origin &&
    link.pathname !== window.location.pathname &&
    !link.target &&
    !link.hasAttribute("download") &&
    inside().has(link.pathname);

  /** The map is come back to as it was left, unless the link says what it should show. */
  const addressOf = (link) => {
    const isMap = link.pathname === "/" && !link.hash && link.closest(".site-nav, .site-brand");
    return (isMap && state.map) || link.href;
  };

  const leave = () => {
    if (window.location.pathname === "/") state.map = window.location.href;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (event.defaultPrevented || !link || !isPlain(event) || !leadsInside(link)) return;
    // Dash, which would change the page, is not there yet.
    if (app.firstPaint.isShown()) return;
    event.preventDefault();
    leave();
    state.isForward = true;
    window.dash_clientside.set_props(LOCATION, { href: addressOf(link) });
  });

  // Back, forward, or a link to a place on the page. Where the page is the same, Dash is not told:
  // it would make it anew, for an address that scripts keep or for a fragment.
  window.addEventListener("popstate", (event) => {
    if (window.location.pathname === state.path) {
      event.stopImmediatePropagation();
      app.change({ address: window.location.href });
    }
  });

  /** Dash has put another page in place. */
  const arrived = () => {
    const { pathname } = window.location;
    if (pathname === state.path) return;
    state.path = pathname;
    app.change({ address: window.location.href });
    if (!state.isForward) return;
    state.isForward = false;
    window.scrollTo(0, 0);
    // Where a page that was loaded would begin; the link that was pressed is gone.
    document.getElementById("content")?.focus({ preventScroll: true });
  };

  window.dash_clientside.shell = { arrived };
})();
