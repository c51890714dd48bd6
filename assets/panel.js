/* What the panel holds: the whole network, or one place of it instead, with a way back. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  // The place that is shown, as open() takes it; what had the focus before, and how far the panel
  // was scrolled.
  const state = { place: null, returnFocusTo: null, scrolled: 0 };

  const box = () => document.getElementById("panel-place");
  const scroll = () => document.getElementById("panel-scroll");

  /** The frame of a place: made once, so that the focus in it outlives every refresh. */
  const frame = () => {
    if (box().childElementCount > 0) return;
    const back = app.element("button", "panel-back");
    Object.assign(back, { id: "panel-back", type: "button" });
    back.addEventListener("click", close);
    const title = app.element("h2", "panel-title");
    Object.assign(title, { id: "panel-title", tabIndex: -1 });
    box().replaceChildren(back, title, app.element("div", "panel-body"));
    box().setAttribute("aria-labelledby", title.id);
  };

  /** Give what a refresh wrote anew the focus that it had. */
  const replace = (body, parts) => {
    const written = app.element("div", "panel-body");
    written.append(...parts);
    if (written.isEqualNode(body)) return;
    const focusable = (within) => [...within.querySelectorAll("a, button, summary")];
    const place = focusable(body).indexOf(document.activeElement);
    body.replaceChildren(...written.childNodes);
    if (place >= 0) (focusable(body)[place] ?? document.getElementById("panel-title")).focus();
  };

  /** Write the place anew: it may have changed. */
  const rewrite = () => {
    if (!state.place) return;
    const told = state.place.write();
    frame();
    app.write({
      "panel-title": { text: told.title },
      "panel-back": { text: told.back ?? app.page.texts.panel.back },
    });
    replace(box().querySelector(".panel-body"), told.parts);
  };

  const showPlace = (isShown) =>
    app.write({ "panel-place": { hidden: !isShown }, "panel-network": { hidden: isShown } });

  /** Show a place instead of the network.

      `write` gives its title and parts, and is called again whenever they may have changed;
      `closed` is called once it is left. */
  const open = (place) => {
    const before = state.place;
    if (!before) {
      Object.assign(state, {
        returnFocusTo: document.activeElement,
        scrolled: scroll().scrollTop,
      });
    }
    state.place = place;
    if (before && before !== place) before.closed?.();
    rewrite();
    showPlace(true);
    scroll().scrollTop = 0;
    app.sheet.raise("half");
    document.getElementById("panel-title").focus({ preventScroll: true });
  };

  function close() {
    const { place, returnFocusTo, scrolled } = state;
    if (!place) return;
    const hadFocus = box().contains(document.activeElement);
    Object.assign(state, { place: null, returnFocusTo: null });
    showPlace(false);
    scroll().scrollTop = scrolled;
    place.closed?.();
    if (hadFocus && !state.place) returnFocusTo?.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  });

  // Gone with its page.
  app.follow(["frame"], () => Object.assign(state, { place: null, returnFocusTo: null }));

  app.panel = { open, close, rewrite, isShown: (place) => state.place === place };
})();
