"""The documents for a Prometheus that scrapes ``/metrics``: its rules, and the table of metrics.

``python -m services.watch.prometheus`` makes them of ``alerts.toml`` and of
:mod:`services.metrics.definitions`; a test fails where they differ.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from services.base.command_line import run_command, tells_errors
from services.base.files import write_atomically
from services.city.chosen import CITY
from services.city.city import City
from services.metrics.definitions import DEFINITIONS, HEARTBEAT, Definition
from services.metrics.files import bucket_name
from services.watch.rules import Rule, Signal, load_rules

_FOLDER: Final = Path(__file__).parents[2] / "docs" / "monitoring"
RULES_FILE: Final = _FOLDER / "prometheus-rules.yml"
TABLE_FILE: Final = _FOLDER / "README.md"
# Nobody inside can notice it: it is in none of our own rules.
WATCH_SILENT: Final = Rule(
    name="watch-silent",
    summary={"en": "Nobody watches: age of the watch role's last sign of life"},
    severity="critical",
    signal="age",
    metric=HEARTBEAT.name,
    where={"role": ("watch",)},
    window_seconds=0,
    minimum=0,
    above=60,
    clear=45,
    for_seconds=0,
    unit="s",
    missing="alarm",
    runbook="worker-silent",
)
_HEADER: Final = """\
# The rules of alerts.toml for a Prometheus that scrapes /metrics, and one on the watch itself.
# Made by python -m services.watch.prometheus: change alerts.toml, not this file.
groups:
  - name: traffic-rennes
    rules:
"""
_HOURS_PER_DAY: Final = 24
_TABLE: Final = re.compile(r"(?<=<!-- table -->\n).*(?=<!-- end of table -->)", re.DOTALL)
_VALUES: Final = {
    "s": "{{ $value | humanizeDuration }}",
    "%": "{{ $value | humanizePercentage }}",
    "MB": "{{ $value | humanize1024 }}B",
    "": "{{ $value | humanize }}",
}
_DEFINITIONS: Final = {definition.name: definition for definition in DEFINITIONS}


def rules_document(city: City, rules: Sequence[Rule]) -> str:
    """The rules as a file that Prometheus reads (YAML)."""
    return _HEADER + "".join(_alert(city, rule) for rule in rules)


def metrics_table(definitions: Sequence[Definition]) -> str:
    """A table of all metrics, in Markdown."""
    rows = [
        (
            f"`{each.name}`",
            each.kind,
            each.unit,
            ", ".join(f"`{label}`" for label in each.published_labels),
            each.meaning,
        )
        for each in definitions
    ]
    head = ("metric", "type", "unit", "labels", "meaning")
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def documents(city: City) -> dict[Path, str]:
    """What each of the two files should hold."""
    table = metrics_table(DEFINITIONS)
    return {
        RULES_FILE: rules_document(city, [*load_rules().rule, WATCH_SILENT]),
        TABLE_FILE: _TABLE.sub(lambda _: table, TABLE_FILE.read_text("utf-8")),
    }


def alert_name(rule: Rule) -> str:
    """A rule's name as Prometheus' users write them.

    Examples
    --------
    >>> alert_name(WATCH_SILENT)
    'WatchSilent'
    """
    return "".join(word.capitalize() for word in rule.name.split("-"))


def expression(city: City, rule: Rule) -> list[str]:
    """When a rule is broken, in PromQL, by lines.

    Examples
    --------
    >>> from services.city.rennes import RENNES
    >>> expression(RENNES, WATCH_SILENT)[1]
    'or absent(traffic_heartbeat_timestamp_seconds{role="watch"})'
    """
    value, *conditions = _SIGNALS[rule.signal](rule)
    sign = ">" if rule.above is not None else "<"
    lines = [f"{value} {sign} {rule.threshold:.15g}", *(f"and {line}" for line in conditions)]
    if rule.hours:
        lines += _hours_in_utc(city, *rule.hours)
    if rule.missing == "alarm":
        lines.append(f"or absent({_selected(rule)})")
    return lines


def _alert(city: City, rule: Rule) -> str:
    subject = " · ".join(f"{{{{ $labels.{label} }}}}" for label in rule.by)
    told = rule.summary.get("en") or next(iter(rule.summary.values()))
    summary = ": ".join(filter(None, [told, subject, _VALUES[rule.unit]]))
    expr = "".join(f"          {line}\n" for line in expression(city, rule))
    wait = f"        for: {_duration(rule.for_seconds)}\n" if rule.for_seconds else ""
    return (
        f"      - alert: {alert_name(rule)}\n"
        f"        expr: >-\n{expr}{wait}"
        f"        labels: {{severity: {rule.severity}, runbook: {rule.runbook_name}}}\n"
        f"        annotations:\n"
        f"          summary: {json.dumps(summary, ensure_ascii=False)}\n"
    )


def _hours_in_utc(city: City, first: int, end: int) -> list[str]:
    """Hours of a city as Prometheus, which knows UTC only, can tell: those in winter and summer."""
    ahead = city.utc_offsets_hours
    start = (first - ahead[0]) % _HOURS_PER_DAY
    stop = start + (end - ahead[1]) - (first - ahead[0])
    if stop <= _HOURS_PER_DAY:
        return [f"and on () hour() >= {start}", f"and on () hour() < {stop}"]
    return [f"and on () (hour() >= {start} or hour() < {stop - _HOURS_PER_DAY})"]


def _value(rule: Rule) -> list[str]:
    return [_aggregated("max" if rule.above is not None else "min", rule, _selected(rule))]


def _age(rule: Rule) -> list[str]:
    return [f"time() - {_aggregated('max', rule, _selected(rule))}"]


def _increase(rule: Rule) -> list[str]:
    return [_grown(rule, _selected(rule))]


def _share(rule: Rule) -> list[str]:
    part = _grown(rule, _selected(rule))
    least = [f"{part} >= {rule.minimum:.15g}"] if rule.minimum else []
    return [f"{part} / {_grown(rule, rule.metric)}", *least]


def _part(rule: Rule) -> list[str]:
    part, whole = (_aggregated("sum", rule, it) for it in (_selected(rule), rule.metric))
    return [f"{part} / {whole}"]


def _p95(rule: Rule) -> list[str]:
    buckets = _grown(rule, _selected(rule, bucket_name(rule.metric)))
    cases = _grown(rule, _selected(rule, f"{rule.metric}_count"))
    return [f"histogram_quantile(0.95, {buckets})", f"{cases} >= {max(rule.minimum, 1):.15g}"]


def _growth(rule: Rule) -> list[str]:
    """The least of each quarter above that of the one before it."""
    quarter = rule.window_seconds / 4
    span = f"min_over_time({_selected(rule)}[{_duration(quarter)}]"
    newest, *earlier = (
        f"{span} offset {_duration(back * quarter)})" if back else f"{span})" for back in range(4)
    )
    pairs = zip([newest, *earlier], earlier, strict=False)
    return [f"{newest} - {earlier[-1]}", *(f"{later} > {before}" for later, before in pairs)]


_SIGNALS: Final[Mapping[Signal, Callable[[Rule], list[str]]]] = {
    "value": _value,
    "age": _age,
    "increase": _increase,
    "share": _share,
    "part": _part,
    "p95": _p95,
    "growth": _growth,
}


def _selected(rule: Rule, metric: str = "") -> str:
    matchers = [
        f'{label}="{allowed[0]}"' if len(allowed) == 1 else f'{label}=~"{"|".join(allowed)}"'
        for label, allowed in rule.where.items()
    ]
    return (metric or rule.metric) + (f"{{{', '.join(matchers)}}}" if matchers else "")


def _grown(rule: Rule, selected: str) -> str:
    return _aggregated("sum", rule, f"increase({selected}[{_duration(rule.window_seconds)}])")


def _aggregated(how: str, rule: Rule, vector: str) -> str:
    """One value a subject, and scraped application: what Prometheus adds to labels stays."""
    labels = _DEFINITIONS[rule.metric].published_labels
    others = [label for label in labels if label not in rule.by]
    return f"{how} without ({', '.join(others)}) ({vector})" if others else vector


def _duration(seconds: float) -> str:
    """As Prometheus writes it.

    Examples
    --------
    >>> [_duration(seconds) for seconds in (90, 900, 7200)]
    ['90s', '15m', '2h']
    """
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds:.0f}s"


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Write both documents; returns the exit code."""
    argparse.ArgumentParser(
        prog="python -m services.watch.prometheus",
        description="Write docs/monitoring/: Prometheus' rules and the table of metrics.",
    ).parse_args(arguments)
    for path, content in documents(CITY).items():
        write_atomically(path, content.encode())
    return 0


if __name__ == "__main__":
    run_command(main)
