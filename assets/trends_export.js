/* What a view of the archive shows, taken away: files that the server makes, and pictures of the
   figures, which are made here, light as paper, with title, period, source and licence in them. */
(() => {
  "use strict";
  const ROW = "#trends-exports";
  const ACCEPTED = 202;
  const UNAVAILABLE = 503;
  const SECOND_MS = 1000;
  const PATIENCE_MS = 60_000;
  const [WIDTH, HEIGHT, SCALE] = [1280, 720, 2];
  // What is said of a figure and its legend take room above it, labels on either side, in pixels.
  const MARGINS = { top: 144, bottom: 16, side: 84 };
  const TITLE_AT = 30;
  const [PAPER, INK, SOFT, LINE] = ["#ffffff", "#1c2430", "#5a6472", "#d9dee5"];

  const row = () => document.querySelector(ROW);
  const say = (words) => {
    const state = row()?.querySelector(".trends-exports-state");
    if (state) state.textContent = words;
  };

  const save = (address, name) => {
    const link = Object.assign(document.createElement("a"), { href: address, download: name });
    link.click();
  };

  const nameIn = (disposition) => /filename=([^;]+)/.exec(disposition || "")?.[1] || "tendances";
  const pause = (ms) => new Promise((ended) => setTimeout(ended, ms));

  /** The file, once it is made: while it is not, the server says when to come back. */
  const fetched = async (address) => {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await fetch(address, { headers: { Prefer: "respond-async" } });
      const isToCome = answer.status === ACCEPTED || answer.status === UNAVAILABLE;
      if (!isToCome || Date.now() > until) return answer;
      await pause(SECOND_MS * Number(answer.headers.get("Retry-After") || 1));
    }
  };

  /** Where a link leads; of a view whose own scripts change what is shown, as the address says. */
  const addressOf = (link) => {
    const address = new URL(link.href);
    if (row().dataset.follows === "true") {
      const language = address.searchParams.get("lang");
      address.search = window.location.search;
      address.searchParams.set("lang", language);
    }
    return address;
  };

  const download = async (address) => {
    const { dataset } = row();
    say(dataset.waiting);
    try {
      const answer = await fetched(address);
      if (answer.status !== 200) {
        const { detail } = await answer.json();
        throw new Error(detail);
      }
      const blob = URL.createObjectURL(await answer.blob());
      save(blob, nameIn(answer.headers.get("Content-Disposition")));
      setTimeout(() => URL.revokeObjectURL(blob), SECOND_MS);
      say(dataset.ready);
    } catch (error) {
      say(dataset.failed.replace("{detail}", error.message));
    }
  };

  const headingOf = (figure) =>
    figure.closest("section")?.querySelector("h2")?.textContent || document.title;

  const axesOnPaper = (layout) => {
    const axes = Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));
    const paper = { gridcolor: LINE, linecolor: SOFT, zerolinecolor: SOFT };
    return Object.fromEntries(axes.map((key) => [key, { ...layout[key], ...paper }]));
  };

  const sized = (words, size) => `<span style="font-size:${size}px;color:${SOFT}">${words}</span>`;
  const escaped = (words) => words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

  /** All that is said of a figure; above it, for below there may be scales. */
  const titleOf = (title, { caption, source }) =>
    [escaped(title), sized(escaped(caption), 16), sized(escaped(source), 13)].join("<br>");

  /** The layout of a figure on paper. */
  const onPaper = (layout, title, told) => {
    const { t = 0, b = 0, l = 0, r = 0 } = layout.margin || {};
    const margin = {
      t: t + MARGINS.top,
      b: b + MARGINS.bottom,
      l: Math.max(l, MARGINS.side),
      r: Math.max(r, MARGINS.side),
    };
    const height = Math.max(layout.height || 0, HEIGHT);
    return {
      ...layout,
      ...axesOnPaper(layout),
      template: undefined,
      autosize: false,
      width: WIDTH,
      height,
      paper_bgcolor: PAPER,
      plot_bgcolor: PAPER,
      font: { ...layout.font, color: INK, size: 15 },
      title: {
        text: titleOf(title, told),
        xref: "paper",
        x: 0,
        y: 1 - TITLE_AT / height,
        yanchor: "top",
        font: { size: 22 },
      },
      legend: { ...layout.legend, yref: "paper", x: 0, y: 1, yanchor: "bottom" },
      margin: { ...layout.margin, ...margin },
    };
  };

  const plain = (value) => JSON.parse(JSON.stringify(value));

  const pictured = (figure, dataset) => {
    const layout = onPaper(plain(figure.layout), headingOf(figure), dataset);
    const size = { width: WIDTH, height: layout.height, scale: SCALE };
    return window.Plotly.toImage({ data: figure.data, layout }, { format: "png", ...size });
  };

  const pictures = async () => {
    const { dataset } = row();
    const figures = [...document.querySelectorAll("#trends-result .js-plotly-plot")];
    try {
      for (const [place, figure] of figures.entries()) {
        const number = figures.length > 1 ? `-${place + 1}` : "";
        save(await pictured(figure, dataset), `tendances-${dataset.view}${number}.png`);
      }
      say(figures.length ? dataset.ready : dataset.image_failed);
    } catch {
      say(dataset.image_failed);
    }
  };

  document.addEventListener("click", (event) => {
    const pressed = event.target.closest?.(`${ROW} [data-export]`);
    if (!pressed || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (pressed.dataset.export === "png") pictures();
    else if (pressed.dataset.export === "print") window.print();
    else download(addressOf(pressed));
  });
})();
