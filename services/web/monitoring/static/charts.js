/* The two libraries that the grouped profiler asks for, as far as it uses them:
 * d3's ordinal colour scale, and a chart of nested shares with sunburst-chart's call surface.
 * Shares are drawn as stacked bars, one row per depth of the call stack: readable where the
 * rings of a sunburst would be too thin for a label. A click on a bar enlarges it. */
(function () {
    "use strict";

    const ROW_HEIGHT_PX = 24;
    const SMALLEST_SHARE = 0.002;
    const GOLDEN_ANGLE_DEGREES = 137.5;

    function scaleOrdinal(range) {
        const known = new Map();
        return function (key) {
            if (!known.has(key)) {
                known.set(key, range[known.size % range.length]);
            }
            return known.get(key);
        };
    }

    const palette = Array.from({ length: 20 }, function (_, index) {
        const hue = Math.round((index * GOLDEN_ANGLE_DEGREES) % 360);
        return "hsl(" + hue + ", 60%, " + (index % 2 ? 72 : 80) + "%)";
    });

    /* Gives each entry its value (its own, or the sum below it) and its place in [0, 1]. */
    function layOut(data, options, parent) {
        const node = { data: data, parent: parent, depth: parent ? parent.depth + 1 : 0 };
        node.children = (data[options.children] || []).map(function (child) {
            return layOut(child, options, node);
        });
        node.value = node.children.length
            ? node.children.reduce(function (sum, child) { return sum + child.value; }, 0)
            : Number(data[options.size]) || 0;
        return node;
    }

    function place(node, start, width) {
        node.start = start;
        node.width = width;
        let next = start;
        node.children.forEach(function (child) {
            const share = node.value > 0 ? (width * child.value) / node.value : 0;
            place(child, next, share);
            next += share;
        });
    }

    function flatten(node) {
        return [node].concat(...node.children.map(flatten));
    }

    function isWithin(node, ancestor) {
        for (let current = node; current; current = current.parent) {
            if (current === ancestor) {
                return true;
            }
        }
        return false;
    }

    function describe(node, root, options) {
        const percent = root.value > 0 ? ((100 * node.value) / root.value).toFixed(1) : "0.0";
        // The package's tooltip is a little HTML; only its text is wanted.
        const tooltip = new DOMParser().parseFromString(
            options.tooltipContent(node.data, node), "text/html").body.textContent;
        return node.data[options.label] + "\n" + percent + " % of the time\n" + tooltip;
    }

    function draw(element, root, focus, options) {
        const visible = flatten(root).filter(function (node) {
            return (isWithin(node, focus) || isWithin(focus, node)) &&
                node.width / focus.width >= SMALLEST_SHARE;
        });
        const depth = Math.max(...visible.map(function (node) { return node.depth; }));
        element.style.height = (depth + 1) * ROW_HEIGHT_PX + "px";
        element.replaceChildren(...visible.map(function (node) {
            const isAbove = !isWithin(node, focus);
            const bar = document.createElement("button");
            bar.type = "button";
            bar.className = "share-bar";
            bar.textContent = node.data[options.label];
            bar.title = describe(node, root, options);
            bar.style.top = node.depth * ROW_HEIGHT_PX + "px";
            bar.style.left = (isAbove ? 0 : (100 * (node.start - focus.start)) / focus.width) + "%";
            bar.style.width = (isAbove ? 100 : (100 * node.width) / focus.width) + "%";
            bar.style.backgroundColor = options.color(node.data, node.parent);
            bar.addEventListener("click", function () { draw(element, root, node, options); });
            return bar;
        }));
    }

    window.d3 = { scaleOrdinal: scaleOrdinal, schemeCategory20: palette };

    window.Sunburst = function () {
        const options = {
            data: {}, label: "name", size: "size", children: "children",
            color: function () { return palette[0]; },
            tooltipContent: function () { return ""; },
        };
        function chart(element) {
            const root = layOut(options.data, options, null);
            place(root, 0, 1);
            element.classList.add("share-chart");
            const card = element.closest(".card");
            const heading = card && card.querySelector(".card-header h4");
            if (heading) {
                heading.textContent = "Where the time goes";
            }
            draw(element, root, root, options);
            return chart;
        }
        Object.keys(options).forEach(function (name) {
            chart[name] = function (value) {
                options[name] = value;
                return chart;
            };
        });
        return chart;
    };
})();
