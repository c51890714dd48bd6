"""The state of a rule for one subject: normal, pending, firing, resolved, as in Grafana."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

State = Literal["normal", "pending", "firing", "resolved", "no data"]

# How long people can see that something was wrong a moment ago.
RESOLVED_FOR_SECONDS: Final = 300.0


class Limits(Protocol):
    """What a state depends on of a rule, whatever the rule is about."""

    @property
    def for_seconds(self) -> float:
        """How long it must be broken to fire."""

    @property
    def gone_after_seconds(self) -> float:
        """How long it may have no value until it counts as over."""

    def is_beyond(self, value: float) -> bool:
        """Whether a value breaks it."""

    def is_clear(self, value: float) -> bool:
        """Whether a value ends it."""

    def is_worse(self, value: float, other: float) -> bool:
        """Whether one value is worse than another one."""


@dataclass(frozen=True)
class Track:
    """What is known of one subject of a rule.

    Attributes
    ----------
    since_s : float
        When the state began, by a clock that never jumps.
    value : float or None
        The last one; None without data.
    peak : float or None
        The worst value since it left normal.
    seen_s : float
        When there was a value last.
    """

    state: State = "normal"
    since_s: float = 0.0
    value: float | None = None
    peak: float | None = None
    seen_s: float = 0.0


def follow(
    rule: Limits, track: Track, value: float | None, now_s: float, *, is_off: bool = False
) -> Track:
    """The next state.

    Parameters
    ----------
    value : float or None
        What the rule's signal is now; None without data.
    now_s : float
        Seconds of a clock that never jumps.
    is_off : bool
        Whether the rule is not judged now: what fires is over at once.
    """
    if value is None:
        return _without_value(track, now_s, 0.0 if is_off else rule.gone_after_seconds)
    track = replace(track, value=value, seen_s=now_s)
    if track.state == "firing":
        if rule.is_clear(value):
            return replace(track, state="resolved", since_s=now_s)
        return _with_peak(rule, track, value)
    if rule.is_beyond(value):
        if track.state != "pending":
            track = replace(track, state="pending", since_s=now_s, peak=value)
        track = _with_peak(rule, track, value)
        if now_s - track.since_s >= rule.for_seconds:
            return replace(track, state="firing", since_s=now_s)
        return track
    return _at_rest(track, now_s)


def _without_value(track: Track, now_s: float, gone_after_s: float) -> Track:
    track = replace(track, value=None)
    if track.state != "firing":
        return _at_rest(track, now_s)
    if now_s - track.seen_s >= gone_after_s:
        return replace(track, state="resolved", since_s=now_s)
    return track


def _at_rest(track: Track, now_s: float) -> Track:
    if track.state == "resolved" and now_s - track.since_s < RESOLVED_FOR_SECONDS:
        return track
    if track.state == "normal":
        return track
    return replace(track, state="normal", since_s=now_s, peak=None)


def _with_peak(rule: Limits, track: Track, value: float) -> Track:
    is_worst = track.peak is None or rule.is_worse(value, track.peak)
    return replace(track, peak=value) if is_worst else track
