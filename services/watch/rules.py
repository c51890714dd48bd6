"""The rules as ``alerts.toml`` states them, checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.base.checked_toml import load_checked, named_twice
from services.base.settings import Settings
from services.watch.people import People

SHIPPED_RULES: Final = Path(__file__).parents[2] / "alerts.toml"

Severity = Literal["critical", "warning"]
Signal = Literal["value", "age", "increase", "share", "part", "p95", "growth"]
_OVER_A_WINDOW: Final = ("increase", "share", "p95", "growth")
_HOURS_PER_DAY: Final = 24
# A process that was replaced has no value any more.
GONE_AFTER_SECONDS: Final = 60.0


class Rule(BaseModel):
    """One rule; ``alerts.toml`` tells what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)
    summary: Mapping[str, Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    severity: Severity
    signal: Signal
    metric: str = Field(pattern=r"^traffic_[a-z0-9_]+$")
    where: Mapping[str, tuple[str, ...]] = {}
    by: tuple[str, ...] = ()
    window_seconds: float = Field(0, ge=0, le=86_400)
    minimum: float = Field(0, ge=0)
    above: float | None = None
    below: float | None = None
    clear: float
    for_seconds: float = Field(ge=0, le=86_400)
    unit: Literal["s", "%", "MB", ""]
    missing: Literal["no data", "alarm"] = "no data"
    hours: tuple[int, int] | None = None
    runbook: str = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("one of above and below must be given")
        if self.is_beyond(self.clear):
            raise ValueError("clear lies beyond the threshold: it would never be over")
        if (self.signal in _OVER_A_WINDOW) != (self.window_seconds > 0):
            raise ValueError(f"window_seconds goes with {', '.join(_OVER_A_WINDOW)}")
        if self.missing == "alarm" and self.signal != "age":
            raise ValueError("missing = 'alarm' goes with the signal age")
        if self.hours and not 0 <= self.hours[0] < self.hours[1] <= _HOURS_PER_DAY:
            raise ValueError("hours must be two of 0 to 24, the first one smaller")
        return self

    @property
    def threshold(self) -> float:
        """Where the rule is broken."""
        return self.above if self.above is not None else self.below or 0.0

    @property
    def gone_after_seconds(self) -> float:
        """How long its value may be away: what is gone cannot be told to be well again."""
        return GONE_AFTER_SECONDS

    @property
    def runbook_name(self) -> str:
        """Of the page in a language's folder of ``docs/runbooks/``."""
        return self.runbook or self.name

    def is_beyond(self, value: float) -> bool:
        """Whether a value breaks the rule."""
        return value > self.above if self.above is not None else value < self.threshold

    def is_clear(self, value: float) -> bool:
        """Whether a value is far enough on the good side for an incident to be over."""
        return value <= self.clear if self.above is not None else value >= self.clear

    def is_worse(self, value: float, other: float) -> bool:
        """Whether one value lies further on the bad side than another one."""
        return value > other if self.above is not None else value < other


class Rules(BaseModel):
    """All rules, and how often they are evaluated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluation_seconds: float = Field(15, ge=1, le=600)
    people: People = {}
    rule: tuple[Rule, ...]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [rule.name for rule in self.rule]
        if twice := named_twice(names):
            raise ValueError(f"two rules are called {min(twice)}")
        return self

    @property
    def longest_window_seconds(self) -> float:
        """How far back the longest rule looks."""
        return max((rule.window_seconds for rule in self.rule), default=0.0)


def rules_of(settings: Settings) -> Rules:
    """The rules that the settings name.

    Raises
    ------
    ConfigurationError
    """
    return load_rules(settings.alerts_file or SHIPPED_RULES)


def load_rules(path: Path = SHIPPED_RULES) -> Rules:
    """Read and check the rules.

    Raises
    ------
    ConfigurationError
        In one line that names the line of the file, the rule and the key.
    """
    return load_checked(path, Rules, "TRAFFIC_ALERTS_FILE", "rule")
