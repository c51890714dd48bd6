/* Writes figures into the page. Not through Dash: its outputs cost a millisecond each, and a
   refresh has sixty. What is written here is never an output of a Dash callback. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const PROPERTIES = { text: "textContent", className: "className", hidden: "hidden" };

  const set = (element, name, value) => {
    if (name === "grow") {
      element.style.flexGrow = value;
    } else if (name in PROPERTIES) {
      const property = PROPERTIES[name];
      if (element[property] !== value) element[property] = value;
    } else if (element.getAttribute(name) !== value) {
      element.setAttribute(name, value);
    }
  };

  /** The element that Dash would make of a component, or its text. */
  app.made = (part) => {
    if (typeof part === "string") return part;
    const { type, props } = part;
    const node = app.element(type.toLowerCase(), props.className);
    node.append(...[props.children].flat().map(app.made));
    return node;
  };

  /** Set properties of elements, by id; what has them already is left in peace. */
  app.write = (changes) => {
    Object.entries(changes).forEach(([id, properties]) => {
      const element = document.getElementById(id);
      if (!element) return;
      Object.entries(properties).forEach(([name, value]) => set(element, name, value));
    });
  };
})();
