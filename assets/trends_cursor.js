/* The time and the road that the views of one page look at together: two events of the document, which
   any script may send and hear, and what was told last for those that come later.

   trends:time { epoch_s, by }           the time looked at, in seconds since 1970 UTC
   trends:cell { segment, epoch_s, by }  a road at a time: its place in the network, null for none; no
                                         time (null) where the cell is of no one day

   `by` names who tells, who need not follow itself. */
(() => {
  "use strict";
  const app = window.trafficRennes;

  const TIME = "trends:time";
  const CELL = "trends:cell";

  const last = { time: null, cell: null };

  const tell = (type, detail) => document.dispatchEvent(new CustomEvent(type, { detail }));
  const hear = (type, own, react) =>
    document.addEventListener(type, ({ detail }) => detail.by !== own && react(detail));

  document.addEventListener(TIME, ({ detail }) => Object.assign(last, { time: detail.epoch_s }));
  document.addEventListener(CELL, ({ detail }) => Object.assign(last, { cell: detail }));

  app.trendsCursor = {
    last,
    tellTime: (epochS, by) => tell(TIME, { epoch_s: epochS, by }),
    tellCell: (segment, epochS, by) => tell(CELL, { segment, epoch_s: epochS, by }),
    /** Call back with what others than `own` tell. */
    onTime: (own, react) => hear(TIME, own, react),
    onCell: (own, react) => hear(CELL, own, react),
  };
})();
