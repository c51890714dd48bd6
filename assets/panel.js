/* What the panel holds: the whole network, or one place of it instead, with a way back. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  // The places that are open, the one that is shown last: a zone, and above it what is chosen in it.
  // What had the focus before, and how far the panel was scrolled.
  const state = { places: [], returnFocusTo: null, scrolled: 0 };

  const shown = () => state.places.at(-1) ?? null;
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

  const backWords = () => {
    const [below] = state.places.slice(-2, -1);
    const { panel: words } = app.page.texts;
    return below ? app.wording.fill(words.back_to, { place: below.write().title }) : words.back;
  };

  /** Write the place anew: it may have changed. */
  const rewrite = () => {
    if (!shown()) return;
    const { title, parts } = shown().write();
    frame();
    app.write({ "panel-title": { text: title }, "panel-back": { text: backWords() } });
    replace(box().querySelector(".panel-body"), parts);
  };

  const showPlace = (isShown) =>
    app.write({ "panel-place": { hidden: !isShown }, "panel-network": { hidden: isShown } });

  /** Its beginning, and where that would lie low, not what stands above it. */
  const scrollTo = () => {
    scroll().scrollTop = 0;
    const [{ top, height }, { top: begin }] = [scroll(), box()].map((part) => part.getBoundingClientRect());
    if (begin - top > height / 2) scroll().scrollTop = begin - top;
  };

  /** Whoever chooses in a list or writes goes on there; elsewhere the focus follows. */
  const takeFocus = () => {
    const from = document.activeElement;
    if (from === document.body || from.closest("select, input")) return;
    document.getElementById("panel-title").focus({ preventScroll: true });
  };

  /** Show a place instead of the network.

      `write` gives its title and parts, and is called again whenever they may have changed;
      `closed` is called once it is left. A `ground` stays open below what is chosen in it. */
  const open = (place) => {
    if (shown() === null) {
      Object.assign(state, {
        returnFocusTo: document.activeElement,
        scrolled: scroll().scrollTop,
      });
    }
    const left = state.places.filter((one) => one !== place && (place.ground || !one.ground));
    state.places = [...state.places.filter((one) => one !== place && !left.includes(one)), place];
    left.forEach((one) => one.closed?.());
    rewrite();
    showPlace(true);
    app.sheet.raise("half");
    scrollTo();
    takeFocus();
  };

  /** Leave the place that is shown. */
  function close() {
    const place = state.places.pop();
    if (!place) return;
    const hadFocus = box().contains(document.activeElement);
    place.closed?.();
    if (shown()) {
      rewrite();
      scrollTo();
      if (hadFocus) document.getElementById("panel-title").focus({ preventScroll: true });
      return;
    }
    showPlace(false);
    scroll().scrollTop = state.scrolled;
    if (hadFocus) state.returnFocusTo?.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  });

  /** Leave one place, wherever it lies. */
  const leave = (place) => {
    if (shown() === place) close();
    else state.places = state.places.filter((one) => one !== place);
  };

  // Gone with its page.
  app.follow(["frame"], () => Object.assign(state, { places: [], returnFocusTo: null }));

  app.panel = { open, leave, rewrite, isOpen: (place) => state.places.includes(place) };
})();
