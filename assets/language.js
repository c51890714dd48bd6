/* Another language on demand: remembered in a cookie that the server reads for the next page. */
(() => {
  "use strict";
  const ONE_YEAR_S = 31536000;

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-language]");
    if (!button) return;
    const path = new URL(".", document.baseURI).pathname;
    document.cookie =
      `language=${button.dataset.language}; path=${path}; ` +
      `max-age=${ONE_YEAR_S}; samesite=lax`;
    window.location.reload();
  });
})();
