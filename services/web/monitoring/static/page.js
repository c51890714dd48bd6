/* Loaded after the package's own script: its pages in the operator's language and time, without those
 * that would be empty here, and with no request to another host. */
(function () {
    "use strict";

    const ZONE = document.documentElement.dataset.timeZone;
    const LANGUAGE = document.documentElement.lang;
    // Days before months.
    const LOCALE = LANGUAGE === "en" ? "en-GB" : LANGUAGE;
    const CALLBACKS = "_dash-update-component";
    const PAGES = [
        ["overview", "Overview"], ["hourly_load", "Requests by hour"],
        ["daily_utilization", "Requests by day", "daily_load"], ["api_performance", "Times"],
        ["multi_version", "Requests by version"], ["exception_overview", "Exceptions"],
        ["configuration", "Settings"], ["database_management", "Measures kept"],
    ];
    const ENDPOINT_PAGES = [
        ["hourly_load", "Requests by hour", "endpoint_hourly"],
        ["versions", "Times by version", "endpoint_version"],
        ["users", "Times by callback", "endpoint_user", true],
        ["version_user", "Callbacks by version", "endpoint_user_version", true],
        ["profiler", "Lines of each request", "endpoint_profiler"],
        ["grouped-profiler", "Lines of all requests", "endpoint_grouped_profiler"],
        ["exceptions", "Exceptions", "endpoint_exception"],
        ["outliers", "Outliers", "endpoint_outlier"],
        ["status_code_distribution", "Status codes", "status_code_distribution"],
    ];
    const COLUMNS = [
        ["'name'", "Endpoint"],
        ["'hits-today'", "Today", "hits"], ["'hits-week'", "7 days", "hits"],
        ["'hits-overall'", "In all", "hits"],
        ["'median-today'", "Today", "median"], ["'median-week'", "7 days", "median"],
        ["'median-overall'", "In all", "median"],
        ["'last-accessed'", "Last asked for"], ["'monitor'", "Level"], ["'exceptions'", "Exceptions"],
    ];
    const NO_PROFILE = [{
        indent: 0, code: "No request has been profiled yet.", hits: 0, duration: 0, std: 0,
    }];
    // What the overview is told of the newest release, instead of asking PyPI for it.
    const NO_RELEASE = { get: function () { return [200, '{"info": {"version": "0"}}', {}, "OK", "complete"]; } };

    // Of an endpoint on the axis of a phone's chart.
    const NAME_LENGTH = 16;

    let words = {};
    let patterns = [];

    /* The package's words in the operator's language; "*" stands for what a name or figure is. */
    function translated(text) {
        const known = text.trim().replace(/\s+/g, " ");
        if (Object.hasOwn(words, known)) {
            return text.replace(text.trim(), function () { return words[known]; });
        }
        for (const [form, wording] of patterns) {
            const names = form.exec(known);
            if (names) {
                let next = 1;
                return wording.replace(/\*/g, function () { return names[next++]; });
            }
        }
        return text;
    }

    function translate(node) {
        if (node.nodeType === Node.TEXT_NODE) {
            // Cells hold names and figures.
            const parent = node.parentElement;
            const wording = translated(node.nodeValue);
            if (parent && !parent.matches("td, code, script") && wording !== node.nodeValue) {
                node.nodeValue = wording;
                if (parent.matches("option")) {
                    parent.label = wording;
                }
            }
            return;
        }
        if (node.nodeType !== Node.ELEMENT_NODE) {
            return;
        }
        if (node.matches("h4, h5, h6")) {
            node.setAttribute("aria-level", node.matches("h4") ? 2 : 3);
            node.setAttribute("role", "heading");
        }
        if (node.matches("i[ng-click]")) {
            node.tabIndex = 0;
            node.setAttribute("role", "button");
            node.setAttribute("aria-label", translated("Show or hide"));
        }
        if (node.hasAttribute("aria-label")) {
            node.setAttribute("aria-label", translated(node.getAttribute("aria-label")));
        }
        node.childNodes.forEach(translate);
    }

    function keepTranslated() {
        translate(document.body);
        new MutationObserver(function (changes) {
            changes.forEach(function (change) {
                change.addedNodes.forEach(translate);
                if (change.type === "characterData") {
                    translate(change.target);
                }
            });
        }).observe(document.body, { childList: true, characterData: true, subtree: true });
    }

    function dated(options) {
        const format = new Intl.DateTimeFormat(LOCALE, Object.assign({ timeZone: ZONE }, options));
        return function (date) {
            const time = new Date(date);
            return isNaN(time) ? "–" : format.format(time);
        };
    }

    function measured(value, unit) {
        return new Intl.NumberFormat(LOCALE, {
            style: "unit", unit: unit, maximumSignificantDigits: 3,
        }).format(value);
    }

    function duration() {
        return function (milliseconds) {
            const value = parseFloat(milliseconds);
            if (!Number.isFinite(value)) {
                return "–";
            }
            if (value < 1000) {
                return measured(value, "millisecond");
            }
            return value < 60000 ? measured(value / 1000, "second") : measured(value / 60000, "minute");
        };
    }

    function dateDifference() {
        const format = new Intl.RelativeTimeFormat(LOCALE);
        const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
        return function (date) {
            const seconds = (Date.parse(date) - Date.now()) / 1000;
            if (isNaN(seconds)) {
                return "–";
            }
            const [unit, length] = units.find(function (each) { return Math.abs(seconds) >= each[1]; }) || units[3];
            return format.format(Math.round(seconds / length), unit);
        };
    }

    function memoryInUse() {
        return function (written) {
            const percent = /percent=([\d.]+)/.exec(written);
            return percent ? measured(percent[1], "percent") : "–";
        };
    }

    function size() {
        return function (written) {
            const megabytes = parseFloat(written);
            return isNaN(megabytes) ? "–" : measured(megabytes, "megabyte");
        };
    }

    /* Keeps requests at home, and an empty profile from being drawn as nothing. */
    function keepRequestsHome() {
        return {
            request: function (config) {
                if (new URL(config.url, document.baseURI).origin !== window.location.origin) {
                    config.cache = NO_RELEASE;
                }
                return config;
            },
            response: function (response) {
                if (response.config.url.startsWith("api/grouped_profiler/") && !response.data.length) {
                    response.data = NO_PROFILE;
                }
                return response;
            },
        };
    }

    /* The package's sheet has a dark theme, but does not ask the system for it. */
    function followTheme() {
        const dark = window.matchMedia("(prefers-color-scheme: dark)");
        const follow = function () {
            document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light";
        };
        dark.addEventListener("change", follow);
        follow();
    }

    /* Plotly cuts off names that would take half of a chart's width. */
    function shortened(name) {
        return name.length > NAME_LENGTH ? name.slice(0, 7) + "…" + name.slice(8 - NAME_LENGTH) : name;
    }

    function namesOf(trace) {
        return (trace.type === "box" ? [trace.name] : trace.y || []).filter(function (name) {
            return typeof name === "string";
        });
    }

    /* Charts that fit any screen, whose colours start at nothing, and whose axes say what they show. */
    function drawBetter($delegate, $location) {
        const draw = $delegate.chart;
        $delegate.chart = function (data, layout) {
            const path = $location.path();
            const isByHour = path.endsWith("/hourly_load");
            data.forEach(function (trace) {
                if (trace.type === "heatmap") {
                    trace.zmin = 0;
                    trace.zmax = Math.max(...trace.z.flat().filter(Number.isFinite), Number.MIN_VALUE);
                    trace.xgap = trace.ygap = 1;
                    trace.colorbar = { title: { text: translated(isByHour ? "Requests" :
                        path === "/multi_version" ? "% of requests" : "ms"), side: "right" } };
                    if (isByHour) {
                        trace.z = trace.z.map(function (row) {
                            return row.map(function (count) { return count || 0; });
                        });
                    }
                } else if (path.startsWith("/custom_graph/")) {
                    Object.assign(trace, { type: "scatter", mode: "lines+markers" });
                }
            });
            const wanted = angular.copy(layout);
            const shown = data.filter(function (trace) {
                return [trace.values, trace.z, trace.orientation ? trace.x.filter(Boolean) : trace.x].some(
                    function (each) { return each && each.length; });
            });
            delete wanted.width;
            wanted.margin = { l: 60, r: 20, t: 20 };
            wanted.height = 480;
            const isNarrow = window.innerWidth < 600;
            // Boxes are named on their axis, a single line by the title; on a phone a tap names a bar.
            wanted.showlegend = data.every(function (trace) {
                return trace.type === "pie" || (trace.type !== "box" && data.length > 1 && !isNarrow);
            });
            wanted.separators = LANGUAGE === "fr" ? ",\u202f" : ".,";
            wanted.xaxis = Object.assign({ automargin: true }, wanted.xaxis);
            wanted.yaxis = Object.assign({ automargin: true }, wanted.yaxis);
            const names = shown.flatMap(namesOf);
            if (isNarrow && names.some(function (name) { return name.length > NAME_LENGTH; })) {
                Object.assign(wanted.yaxis, { tickvals: names, ticktext: names.map(shortened) });
            }
            if (path.startsWith("/custom_graph/")) {
                wanted.xaxis.tickformat = wanted.xaxis.hoverformat = "%d/%m\n%H:%M";
            }
            if (!shown.length) {
                wanted.annotations = [{ text: translated("None."), showarrow: false }];
            }
            if (isByHour) {
                wanted.xaxis.title = "Day";
                wanted.xaxis.type = "category";
            }
            if (path.endsWith("/version_user")) {
                wanted.yaxis.title = "Callback";
            }
            wanted.xaxis.title = wanted.xaxis.title && translated(wanted.xaxis.title);
            wanted.yaxis.title = wanted.yaxis.title && translated(wanted.yaxis.title);
            draw(shown, wanted);
        };
        return $delegate;
    }

    /* Periods end today in the city, wherever the operator is. */
    function endToday($delegate) {
        const add = $delegate.addDate;
        $delegate.addDate = function (name) {
            const today = new Date().toLocaleString("en-US", { timeZone: ZONE });
            return Object.assign(add(name), { value: new Date(today) });
        };
        return $delegate;
    }

    window.app.config(["$httpProvider", "$provide", "$routeProvider", function ($httpProvider, $provide, $routeProvider) {
        $httpProvider.interceptors.push(keepRequestsHome);
        $provide.decorator("plotlyService", ["$delegate", "$location", drawBetter]);
        $provide.decorator("formService", ["$delegate", endToday]);
        // No address of a visitor is kept.
        $routeProvider.when("/endpoint/:endpointId/version_ip", { redirectTo: "/overview" });
    }]);
    window.app.filter("duration", duration).filter("dateDifference", dateDifference)
        .filter("dateLayout", function () { return dated({ dateStyle: "short", timeStyle: "short" }); })
        .filter("dateShort", function () { return dated({ dateStyle: "medium" }); })
        .filter("memoryInUse", memoryInUse).filter("size", size)
        .filter("number", function () {
            return function (value, digits) {
                return Number.isFinite(Number(value)) ? new Intl.NumberFormat(LOCALE, {
                    minimumFractionDigits: digits || 0, maximumFractionDigits: digits || 2,
                }).format(value) : "–";
            };
        });
    window.app.run(["$rootScope", function ($rootScope) {
        function page(each) {
            return { path: each[0], name: each[1], mark: each[2] || each[0], isOfCallbacks: each[3] };
        }
        $rootScope.pages = PAGES.map(page);
        $rootScope.endpointPages = ENDPOINT_PAGES.map(page);
        $rootScope.columns = COLUMNS.map(function (each) {
            return { key: each[0], name: each[1], of: each[2] };
        });
        $rootScope.isWide = window.innerWidth > 768;
        $rootScope.isOfCallbacks = function (name) { return name.endsWith(CALLBACKS); };
    }]);

    followTheme();
    window.Plotly.setPlotConfig({ displayModeBar: false });
    const ask = window.confirm.bind(window);
    window.confirm = function (question) { return ask(translated(question)); };
    document.addEventListener("keydown", function (event) {
        if (event.key === "Enter" && event.target.matches("i[ng-click]")) {
            event.target.click();
        }
    });
    const wordsRead = fetch("static/words-" + LANGUAGE + ".json")
        .then(function (answer) { return answer.json(); })
        .then(function (read) {
            words = read;
            patterns = Object.entries(words).filter(function (each) { return each[0].includes("*"); })
                .map(function (each) {
                    const form = each[0].replace(/[.?()|]/g, "\\$&").replace(/\*/g, "(.+)");
                    return [new RegExp("^" + form + "$"), each[1]];
                });
        });
    /* AngularJS's own way to begin later: a chart that is drawn before the words are there keeps
       those of the package. */
    window.name = "NG_DEFER_BOOTSTRAP!" + window.name;
    window.angular.resumeDeferredBootstrap = function () {
        wordsRead.finally(function () { keepTranslated(); window.angular.resumeBootstrap(); });
    };
})();
