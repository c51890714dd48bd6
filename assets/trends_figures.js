/* Figures over a day and the time that the views of the page look at together: a line stands at it,
   and a press on a figure chooses it.

   trends:time { epoch_s, by }  an event of the document: the time looked at, seconds since 1970 UTC */
(() => {
  "use strict";
  const OWN = "figures";
  const LINE = "trends-cursor";

  /** The figures over a day, with what their axes begin with: { start_s, step_s }. */
  const figures = () =>
    [...document.querySelectorAll(".trends-figure .js-plotly-plot")]
      .map((graph) => ({ graph, day: graph.layout?.meta?.day_cursor, axis: graph._fullLayout?.xaxis }))
      .filter(({ day, axis }) => day && axis);

  const lineOf = (graph) => {
    const found = graph.querySelector(`.${LINE}`);
    if (found) return found;
    const line = document.createElement("div");
    line.className = LINE;
    graph.append(line);
    return line;
  };

  /** The line at a time; away where the figure's day has no such time. */
  const stand = ({ graph, day, axis }, epochS) => {
    const line = lineOf(graph);
    const step = (epochS - day.start_s) / day.step_s;
    const [first, last] = axis.range;
    line.hidden = epochS === null || step < first || step > last;
    if (line.hidden) return;
    const { _offset: top, _length: height } = graph._fullLayout.yaxis;
    line.style.left = `${axis._offset + axis.l2p(step)}px`;
    line.style.top = `${top}px`;
    line.style.height = `${height}px`;
  };

  document.addEventListener("trends:time", ({ detail }) => {
    for (const figure of figures()) stand(figure, detail.epoch_s);
  });

  document.addEventListener("click", (event) => {
    const figure = figures().find(({ graph }) => graph.contains(event.target));
    if (!figure || event.target.closest(".legend")) return;
    const { graph, day, axis } = figure;
    const x = event.clientX - graph.getBoundingClientRect().left - axis._offset;
    if (x < 0 || x > axis._length) return;
    const epochS = Math.round(day.start_s + axis.p2l(x) * day.step_s);
    document.dispatchEvent(new CustomEvent("trends:time", { detail: { epoch_s: epochS, by: OWN } }));
  });
})();
