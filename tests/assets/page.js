/* What the scripts need of a page and of Dash, made up: every element there is, kept by its id. */
"use strict";
globalThis.window = globalThis;

const elements = {};

const makeElement = () => {
  const attributes = {};
  return {
    style: {},
    dataset: {},
    children: [],
    append(...added) {
      this.children.push(...added);
    },
    replaceChildren(...wanted) {
      this.children = wanted;
    },
    addEventListener: () => {},
    getAttribute: (name) => attributes[name] ?? null,
    setAttribute: (name, value) => {
      attributes[name] = value;
    },
    attributes,
  };
};

const listeners = [];

/** Something happens to an element: whoever listens to the document hears of it. */
globalThis.happen = (type, target) =>
  listeners.filter((one) => one.type === type).forEach(({ react }) => react({ target }));

globalThis.document = {
  documentElement: { lang: "fr" },
  visibilityState: "visible",
  addEventListener: (type, react) => listeners.push({ type, react }),
  getElementById: (id) => (elements[id] ??= makeElement()),
  querySelector: () => null,
  createElement: makeElement,
  createElementNS: makeElement,
};

/** Put a new element in the place of one. */
globalThis.renew = (id) => {
  delete elements[id];
};

/** The texts below each child of an element, in order. */
globalThis.textOf = ({ children }) => {
  const texts = (node) =>
    typeof node === "string"
      ? [node]
      : [node.textContent, ...(node.children ?? []).flatMap(texts)].filter(Boolean);
  return children.map(texts);
};

/** As browsers have it, as far as it is asked here. */
globalThis.URLSearchParams = class {
  constructor(search) {
    const parts = search.replace(/^\?/, "").split("&").filter(Boolean);
    this.pairs = parts.map((part) => part.split("=").map(decodeURIComponent));
  }
  get(name) {
    return this.pairs.find(([key]) => key === name)?.[1] ?? null;
  }
  has(name) {
    return this.get(name) !== null;
  }
  set(name, value) {
    const pair = this.pairs.find(([key]) => key === name);
    if (pair) pair[1] = String(value);
    else this.pairs.push([name, String(value)]);
  }
  delete(name) {
    this.pairs = this.pairs.filter(([key]) => key !== name);
  }
  toString() {
    return this.pairs.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
  }
  [Symbol.iterator]() {
    return this.pairs[Symbol.iterator]();
  }
};

globalThis.location = { pathname: "/", search: "", hash: "" };
globalThis.addEventListener = () => {};
globalThis.matchMedia = () => ({ matches: false, addEventListener: () => {} });
globalThis.ResizeObserver = class {
  observe() {}
  disconnect() {}
};
/** What timers call, again and again. */
globalThis.ticks = [];
globalThis.setInterval = (tick) => globalThis.ticks.push(tick);
globalThis.setTimeout = () => 0;
globalThis.clearTimeout = () => {};

/** What was asked of Dash, in order. */
globalThis.told = [];

globalThis.dash_clientside = {
  no_update: "no update",
  callback_context: {},
  set_props: (id, props) => globalThis.told.push([id, props]),
};

/** What an element shows: its text, class, whether it is hidden, and its attributes. */
globalThis.shown = (id) => {
  const { textContent: text, className, hidden, attributes, style } = elements[id];
  return { text, className, hidden, grow: style.flexGrow, ...attributes };
};
