/* A language chosen: remembered in a cookie for the next visit, and told in the address of this one. */
(() => {
  "use strict";
  const ONE_YEAR_S = 31536000;

  const remember = (language) => {
    try {
      document.cookie = `language=${language}; path=/; max-age=${ONE_YEAR_S}; samesite=lax`;
    } catch {
      // Where nothing may be kept, the address says it.
    }
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-language]");
    if (!link) return;
    const { language } = link.dataset;
    remember(language);
    // All else that the address says stays.
    const address = new URL(window.location.href);
    if (link.tagName !== "A" && !address.searchParams.has("lang")) {
      window.location.reload();
      return;
    }
    event.preventDefault();
    if (document.documentElement.lang.split("-")[0] === language) {
      link.closest(".site-offer")?.remove();
      return;
    }
    address.searchParams.set("lang", language);
    window.location.assign(address);
  });
})();
