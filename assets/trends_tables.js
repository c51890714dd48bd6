/* The row of a table that is chosen, in the address of the archive's page. */
(() => {
  "use strict";
  /** Name the chosen row in the address, without asking the archive again. */
  const choose = (rows) => {
    const head = rows?.[0]?.head;
    const url = new URL(window.location.href);
    if (head && url.searchParams.get("tete") !== head) {
      url.searchParams.set("tete", head);
      // As the page's own script writes addresses: places stay readable.
      url.search = url.search.replaceAll("%3A", ":").replaceAll("%7E", "~");
      window.history.replaceState(window.history.state, "", url);
    }
    return window.dash_clientside.no_update;
  };

  window.dash_clientside = { ...window.dash_clientside, trends_tables: { choose } };
})();
