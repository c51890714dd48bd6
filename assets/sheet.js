/* On a phone the panel is a sheet over the foot of the map, of three heights: its handle is dragged,
   pressed, or moved by the arrow keys. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const HEIGHTS = ["peek", "half", "full"];
  // As assets/layout.css: elsewhere the panel is no sheet.
  const narrow = window.matchMedia("(max-width: 767px) and (min-height: 480px)");
  // What moves less is a press.
  const DRAG_PX = 6;

  const drag = { pointer: null, isMoved: false, from: 0, top: 0, height: 0 };

  const panel = () => document.getElementById("panel");
  const isHandle = (target) => target.closest?.("#sheet-handle");
  const height = () => panel()?.dataset.sheet ?? HEIGHTS[0];

  const set = (name) => {
    const isFull = name === HEIGHTS[HEIGHTS.length - 1];
    panel().dataset.sheet = name;
    const handle = document.getElementById("sheet-handle");
    handle.setAttribute("aria-expanded", String(name !== HEIGHTS[0]));
    const { panel: words } = app.page.texts;
    handle.firstElementChild.textContent = isFull ? words.reduce : words.enlarge;
    if (name === HEIGHTS[0]) document.getElementById("panel-scroll").scrollTop = 0;
  };

  const move = (steps) => {
    const place = HEIGHTS.indexOf(height()) + steps;
    set(HEIGHTS[Math.min(HEIGHTS.length - 1, Math.max(0, place))]);
  };

  /** At least so high: something in it wants to be read. */
  const raise = (name) => {
    if (narrow.matches && HEIGHTS.indexOf(height()) < HEIGHTS.indexOf(name)) set(name);
  };

  /** At most so high: something on the map wants to be seen. */
  const lower = (name) => {
    if (narrow.matches && HEIGHTS.indexOf(height()) > HEIGHTS.indexOf(name)) set(name);
  };

  /** How high one of them is, whatever the sheet is doing. */
  const pixelsOf = (name) => {
    const { dataset, style } = panel();
    const [before, dragged] = [height(), style.height];
    Object.assign(style, { height: "", transition: "none" });
    dataset.sheet = name;
    const { offsetHeight } = panel();
    dataset.sheet = before;
    Object.assign(style, { height: dragged, transition: "" });
    return offsetHeight;
  };

  /** How much of the foot of an element lies under the sheet, once that is at rest, in pixels. */
  const overlap = (element) => {
    if (!narrow.matches) return 0;
    const top = panel().getBoundingClientRect().bottom - pixelsOf(height());
    return Math.max(0, element.getBoundingClientRect().bottom - top);
  };

  const nearest = (pixels) => {
    const distance = (name) => Math.abs(pixelsOf(name) - pixels);
    return HEIGHTS.reduce((best, name) => (distance(name) < distance(best) ? name : best));
  };

  const begin = (event) => {
    if (!narrow.matches || !isHandle(event.target)) return;
    Object.assign(drag, {
      pointer: event.pointerId,
      isMoved: false,
      from: event.clientY,
      height: panel().offsetHeight,
    });
    event.target.setPointerCapture(event.pointerId);
  };

  const follow = (event) => {
    if (event.pointerId !== drag.pointer) return;
    const moved = drag.from - event.clientY;
    if (!drag.isMoved && Math.abs(moved) < DRAG_PX) return;
    drag.isMoved = true;
    panel().classList.add("panel--dragged");
    panel().style.height = `${drag.height + moved}px`;
  };

  const end = (event) => {
    if (event.pointerId !== drag.pointer) return;
    drag.pointer = null;
    if (!drag.isMoved) return;
    set(nearest(panel().offsetHeight));
    panel().classList.remove("panel--dragged");
    panel().style.height = "";
  };

  const press = (event) => {
    if (!isHandle(event.target)) return;
    // The press that ends a drag is none.
    if (drag.isMoved) drag.isMoved = false;
    else if (height() === HEIGHTS[HEIGHTS.length - 1]) set(HEIGHTS[0]);
    else move(1);
  };

  const STEPS = { ArrowUp: 1, ArrowDown: -1 };
  const key = (event) => {
    if (!isHandle(event.target) || !(event.key in STEPS)) return;
    event.preventDefault();
    move(STEPS[event.key]);
  };

  /** What gets the focus is seen. */
  const reveal = ({ target }) => {
    // The foot of the page lies below what the sheet covers when it is low.
    if (target.closest?.(".site-footer")) lower(HEIGHTS[0]);
    const scroll = target.closest?.("#panel-scroll");
    if (!scroll) return;
    const [{ bottom }, { bottom: foot }] = [target, scroll].map((item) => item.getBoundingClientRect());
    // The browser scrolls to it, where it can, before it tells of it.
    if (bottom > foot || scroll.scrollTop > 0) raise("half");
  };

  document.addEventListener("pointerdown", begin);
  document.addEventListener("pointermove", follow);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
  document.addEventListener("click", press);
  document.addEventListener("keydown", key);
  document.addEventListener("focusin", reveal);

  app.sheet = { raise, lower, overlap };
})();
