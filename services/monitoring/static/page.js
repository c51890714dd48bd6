/* Loaded after the package's own script: no request leaves this host, the menu opens on a
 * phone and from the keyboard, and an empty profile is said to be empty. */
(function () {
    "use strict";

    const NO_PROFILE = [{
        indent: 0, code: "No request has been profiled yet.", hits: 0, duration: 0, std: 0,
    }];

    function isOurs(address) {
        return new URL(address, document.baseURI).origin === window.location.origin;
    }

    /* The overview asks PyPI for the newest release; it gets an older one than any, from here. */
    function keepRequestsHome() {
        return {
            request: function (config) {
                if (!isOurs(config.url)) {
                    config.url = "offline/release.json";
                }
                return config;
            },
            response: function (response) {
                const isProfile = response.config.url.startsWith("api/grouped_profiler/");
                if (isProfile && response.data.length === 0) {
                    response.data = NO_PROFILE;
                }
                return response;
            },
        };
    }

    window.app.config(["$httpProvider", function ($httpProvider) {
        $httpProvider.interceptors.push(keepRequestsHome);
    }]);

    const navigation = document.getElementById("mainNav");
    const toggler = document.createElement("button");
    toggler.type = "button";
    toggler.className = "navbar-toggler";
    toggler.setAttribute("data-bs-toggle", "collapse");
    toggler.setAttribute("data-bs-target", "#navbarResponsive");
    toggler.setAttribute("aria-controls", "navbarResponsive");
    toggler.setAttribute("aria-label", "Menu");
    toggler.innerHTML = '<span class="navbar-toggler-icon"></span>';
    navigation.insertBefore(toggler, document.getElementById("navbarResponsive"));

    /* The package's menu is made of links without an address, which the keyboard skips. */
    function makeReachable() {
        navigation.querySelectorAll("a:not([href]):not([tabindex])").forEach(function (link) {
            link.tabIndex = 0;
            link.setAttribute("role", "button");
        });
    }
    new MutationObserver(makeReachable).observe(navigation, { childList: true, subtree: true });
    navigation.addEventListener("keydown", function (event) {
        if (event.key === "Enter" && event.target.matches("a:not([href])")) {
            event.target.click();
        }
    });
})();
