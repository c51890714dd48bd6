"""Values made of the metrics of the last minutes: one for each subject of a rule."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice, pairwise
from typing import Final

from services.metrics.definitions import HEARTBEAT, PROCESS_MEMORY, REQUEST_DURATION, REQUESTS
from services.metrics.files import bucket_name
from services.metrics.samples import Sample
from services.watch.rules import Rule, Rules

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A metric's name and its labels in order."""

# What operators are shown whatever the rules, and over how long.
SHOWN_METRICS: Final = frozenset(
    {bucket_name(REQUEST_DURATION.name), REQUESTS.name, HEARTBEAT.name, PROCESS_MEMORY.name}
)
SHOWN_SECONDS: Final = 300.0
_QUANTILE: Final = 0.95
_NOTHING: Final[Mapping[Series, float]] = {}
_QUARTERS: Final = 4
# A quarter of which less than this is known says nothing about growth.
_KNOWN_SHARE_OF_WINDOW: Final = 0.9


class RecentSamples:
    """The samples of as many seconds as the rules look back.

    Parameters
    ----------
    rules : Rules
        Only the metrics that they name are kept, and those that operators are shown.
    """

    def __init__(self, rules: Rules) -> None:
        self._names = {_stored_name(rule) for rule in rules.rule} | SHOWN_METRICS
        self._seconds = (
            max(rules.longest_window_seconds, SHOWN_SECONDS) + 2 * rules.evaluation_seconds
        )
        # Of each metric apart: a rule looks through all rounds, and at one metric of dozens.
        self._rounds: deque[tuple[float, Mapping[str, Mapping[Series, float]]]] = deque()
        self._newest: Mapping[Series, float] = {}

    def add(self, at_s: float, samples: Iterable[Sample]) -> None:
        """Take what was read at a time of a clock that never jumps."""
        self._newest = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for sample in samples
            # What is no number tells nothing, and no page could show it.
            if sample.name in self._names and math.isfinite(sample.value)
        }
        by_name: dict[str, dict[Series, float]] = defaultdict(dict)
        for series, value in self._newest.items():
            by_name[series[0]][series] = value
        self._rounds.append((at_s, dict(by_name)))
        while self._rounds[0][0] < at_s - self._seconds:
            self._rounds.popleft()

    @property
    def newest(self) -> Mapping[Series, float]:
        """What was read last."""
        return self._newest

    def of(self, name: str) -> list[tuple[Mapping[str, str], float]]:
        """Labels and value of every series of a metric now."""
        return [
            (dict(labels), value) for (one, labels), value in self.newest.items() if one == name
        ]

    def within(self, seconds: float, name: str) -> Sequence[tuple[float, Mapping[Series, float]]]:
        """A metric in the rounds of the last seconds, and in the one before them to count from."""
        if not self._rounds:
            return []
        start = self._rounds[-1][0] - seconds
        first = sum(at <= start for at, _ in self._rounds) - 1
        chosen = islice(self._rounds, max(first, 0), None)
        return [(at, of_round.get(name, _NOTHING)) for at, of_round in chosen]


def values_of(rule: Rule, recent: RecentSamples, now: datetime) -> dict[str, float]:
    """The value of a rule for each of its subjects, such as an endpoint; empty without data.

    Parameters
    ----------
    now : datetime
        Aware, on the city's clock, which the hours of rules are of.
    """
    if rule.hours and not rule.hours[0] <= now.hour < rule.hours[1]:
        return {}
    return _SIGNALS[rule.signal](rule, recent, now)


def has_data(rule: Rule, recent: RecentSamples) -> bool:
    """Whether a rule can be evaluated: a counter of which nobody has heard has not counted yet."""
    if rule.window_seconds and rule.signal != "growth":
        return bool(recent.newest)
    return any(_fits(rule, series) for series in recent.newest)


def _value(rule: Rule, recent: RecentSamples, _now: datetime) -> dict[str, float]:
    found: dict[str, float] = {}
    for series, value in recent.newest.items():
        if _fits(rule, series):
            subject = _subject(rule, series)
            if subject not in found or rule.is_worse(value, found[subject]):
                found[subject] = value
    return found


def _age(rule: Rule, recent: RecentSamples, now: datetime) -> dict[str, float]:
    newest: dict[str, float] = {}
    for series, value in recent.newest.items():
        if _fits(rule, series):
            subject = _subject(rule, series)
            newest[subject] = max(value, newest.get(subject, value))
    # A clock that was set back makes nothing younger than now.
    return {subject: max(now.timestamp() - at, 0.0) for subject, at in newest.items()}


def _increase(rule: Rule, recent: RecentSamples, _now: datetime) -> dict[str, float]:
    return _by_subject(rule, _increases(rule, recent))


def _share(rule: Rule, recent: RecentSamples, _now: datetime) -> dict[str, float]:
    return _shares(rule, _increases(rule, recent, filtered=False), rule.minimum)


def _part(rule: Rule, recent: RecentSamples, _now: datetime) -> dict[str, float]:
    held = {one: n for one, n in recent.newest.items() if _fits(rule, one, filtered=False)}
    return _shares(rule, held)


def _shares(rule: Rule, values: Mapping[Series, float], least: float = 0.0) -> dict[str, float]:
    """What fits a rule, as a share of all, by subject; 0 where it is less than ``least``."""
    whole = _by_subject(rule, values)
    part = _by_subject(rule, {one: value for one, value in values.items() if _fits(rule, one)})
    found = {subject: part.get(subject, 0.0) for subject in whole}
    return {
        subject: found[subject] / total if found[subject] >= least else 0.0
        for subject, total in whole.items()
        if total > 0
    }


def _p95(rule: Rule, recent: RecentSamples, _now: datetime) -> dict[str, float]:
    buckets: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    for series, more in _increases(rule, recent).items():
        buckets[_subject(rule, series)][float(dict(series[1])["le"])] += more
    return {
        subject: quantile(_QUANTILE, counts)
        for subject, counts in buckets.items()
        if counts[max(counts)] >= max(rule.minimum, 1)
    }


def quantile(share: float, cumulative: Mapping[float, float]) -> float:
    """A quantile of a histogram, in between its bounds as Prometheus' ``histogram_quantile``.

    Parameters
    ----------
    share : float
        Such as 0.95.
    cumulative : mapping
        Cases up to each upper bound, the last of which is infinite; at least one case.

    Examples
    --------
    >>> quantile(0.5, {1.0: 0, 2.0: 10, float("inf"): 10})
    1.5
    >>> quantile(0.95, {1.0: 0, 2.0: 1, float("inf"): 10})
    2.0
    """
    bounds = sorted(cumulative)
    wanted = share * cumulative[bounds[-1]]
    lower, below = 0.0, 0.0
    for bound in bounds[:-1]:
        count = cumulative[bound]
        if count >= wanted and count > below:
            return lower + (bound - lower) * (wanted - below) / (count - below)
        lower, below = bound, count
    return lower


def _growth(rule: Rule, recent: RecentSamples, _now: datetime) -> dict[str, float]:
    rounds = recent.within(rule.window_seconds, rule.metric)
    if not rounds or rounds[-1][0] - rounds[0][0] < _KNOWN_SHARE_OF_WINDOW * rule.window_seconds:
        return {}
    end, quarter = rounds[-1][0], rule.window_seconds / _QUARTERS
    found = {}
    for series in rounds[-1][1]:
        if not _fits(rule, series):
            continue
        least = [
            min(
                (value[series] for at, value in rounds if _in(at) and series in value), default=None
            )
            for _in in (
                _between(end - (back + 1) * quarter, end - back * quarter)
                for back in reversed(range(_QUARTERS))
            )
        ]
        known = [value for value in least if value is not None]
        rises = len(known) == _QUARTERS and all(a < b for a, b in pairwise(known))
        found[_subject(rule, series)] = known[-1] - known[0] if rises else 0.0
    return found


def _between(start: float, end: float) -> Callable[[float], bool]:
    return lambda at: start < at <= end


_SIGNALS: Final[Mapping[str, Callable[[Rule, RecentSamples, datetime], dict[str, float]]]] = {
    "value": _value,
    "age": _age,
    "increase": _increase,
    "share": _share,
    "part": _part,
    "p95": _p95,
    "growth": _growth,
}


def increases(
    recent: RecentSamples, name: str, seconds: float
) -> list[tuple[Mapping[str, str], float]]:
    """Labels of every series of a counter, and by how much it grew within some seconds."""
    grown = _grown(recent.within(seconds, name), lambda _series: True)
    return [(dict(labels), more) for (_, labels), more in grown.items()]


def _increases(rule: Rule, recent: RecentSamples, *, filtered: bool = True) -> dict[Series, float]:
    rounds = recent.within(rule.window_seconds, _stored_name(rule))
    return _grown(rounds, lambda series: _fits(rule, series, filtered=filtered))


def _grown(
    rounds: Sequence[tuple[float, Mapping[Series, float]]], is_wanted: Callable[[Series], bool]
) -> dict[Series, float]:
    """By how much each counter grew; one that starts again counts from 0."""
    first_seen = dict.fromkeys(series for _, held in rounds[1:] for series in held)
    wanted = filter(is_wanted, first_seen)
    return {series: _growth_of(held.get(series) for _, held in rounds) for series in wanted}


def _growth_of(counted: Iterable[float | None]) -> float:
    """By how much a counter grew from round to round; None where it was not told of."""
    total = 0.0
    for before, value in pairwise(counted):
        if value is not None:
            start = before or 0.0
            total += value - start if value >= start else value
    return total


def _by_subject(rule: Rule, values: Mapping[Series, float]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for series, value in values.items():
        found[_subject(rule, series)] += value
    return dict(found)


def _stored_name(rule: Rule) -> str:
    return bucket_name(rule.metric) if rule.signal == "p95" else rule.metric


def _fits(rule: Rule, series: Series, *, filtered: bool = True) -> bool:
    name, labels = series
    if name != _stored_name(rule):
        return False
    held = dict(labels)
    return not filtered or all(held.get(key) in allowed for key, allowed in rule.where.items())


def _subject(rule: Rule, series: Series) -> str:
    held = dict(series[1])
    return " · ".join(held.get(key, "") for key in rule.by)
