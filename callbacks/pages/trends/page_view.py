"""What a view of the page is made of: what it asks, of which controls, and how it is shown."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final, get_args
from urllib.parse import parse_qsl

from dash import Dash
from dash.development.base_component import Component

from callbacks.http.dash_requests import text_of
from callbacks.pages.trends.names import day_words, period_words, place_words
from components.trends.controls import CONTROLS, MOST_PARTS, Control
from components.trends.page import section_of
from services.base.errors import InvalidRequest
from services.base.texts import Texts
from services.plain.trends.asking import Query
from services.plain.trends.common import DAYS_KEPT, DaysKept, Period, day_of
from services.roles.assembly import Services
from services.traffic.network import Network
from services.trends.places import WHOLE

# The names of the address' parts are the controls' own.
_PERIOD_DAYS: Final = 28
_MINUTES_PER_HOUR: Final = 60
_ROUTES: Final = ("corridor", "troncon")
# The longest key of a place in Rennes has 32: what is longer names nothing, and is not handed on.
_MOST_CHARACTERS: Final = 200
_ASKER_BYTES: Final = 8
_ASKER: Final = re.compile(rf"[0-9a-f]{{{2 * _ASKER_BYTES}}}")


def new_asker() -> str:
    """What tells a page from others that ask the same."""
    return secrets.token_hex(_ASKER_BYTES)


def asker_of(value: object) -> str:
    """Which page asks.

    Whoever asks for no page, such as a report by mail, has no such name, and no page stops it.

    Raises
    ------
    InvalidRequest
        Where it is none of :func:`new_asker`.
    """
    text = text_of("asker", value)
    if not _ASKER.fullmatch(text):
        raise InvalidRequest("asker", text[:_MOST_CHARACTERS], "what the page was given")
    return text


class RouteNeeded(InvalidRequest):
    """The view follows a route from end to end, and the place is none."""


def parts_of(search: str) -> dict[str, str]:
    """The parts of an address that are not empty, out of what follows its ``?``.

    Raises
    ------
    InvalidRequest
        When they are too many, or one is too long.
    """
    try:
        found = dict(parse_qsl(search.removeprefix("?"), max_num_fields=MOST_PARTS))
    except ValueError:
        shown = search[:_MOST_CHARACTERS]
        raise InvalidRequest("?", shown, f"at most {MOST_PARTS} parts") from None
    for name, value in found.items():
        if max(len(name), len(value)) > _MOST_CHARACTERS:
            most = f"at most {_MOST_CHARACTERS} characters"
            raise InvalidRequest(name[:_MOST_CHARACTERS], value[:_MOST_CHARACTERS], most)
    return found


@dataclass(frozen=True)
class Asked:
    """What the address asks for.

    Attributes
    ----------
    parts : mapping of str
        Those of the address that are not empty.
    network : Network
        Of today.
    today : date
        In the city.
    is_simulated : bool
        Whether the traffic that is shown is.
    """

    parts: Mapping[str, str]
    network: Network
    today: date
    is_simulated: bool = False

    @property
    def place(self) -> str:
        """Key of the place."""
        return self.parts.get("lieu", WHOLE)

    def day(self, name: str, otherwise: date) -> date:
        """A day of the address.

        Raises
        ------
        InvalidRequest
        """
        return self.maybe_day(name) or otherwise

    def maybe_day(self, name: str) -> date | None:
        """A day of the address; None where it names none.

        Raises
        ------
        InvalidRequest
        """
        text = self.parts.get(name)
        if text is None:
            return None
        found = day_of(text)
        if found is None:
            raise InvalidRequest(name, text, "a day such as 2026-11-24")
        return found

    def choice(self, name: str, choices: Sequence[Any], otherwise: Any) -> Any:
        """One of some words.

        Raises
        ------
        InvalidRequest
        """
        text = self.parts.get(name, otherwise)
        if text not in choices:
            raise InvalidRequest(name, text, "one of " + ", ".join(map(str, choices)))
        return text

    def place_words(self, texts: Texts) -> str:
        """What the place is called, with its kind; its key where there is none such."""
        return place_words(self.network, self.place, texts)

    @property
    def route(self) -> str:
        """Key of the corridor or stretch.

        Raises
        ------
        RouteNeeded
        """
        if self.place.partition(":")[0] not in _ROUTES:
            raise RouteNeeded("lieu", self.place, "a corridor or a stretch")
        return self.place

    def maybe_hour(self, name: str) -> float | None:
        """A time of the clock in hours; None where the address names none.

        Raises
        ------
        InvalidRequest
        """
        text = self.parts.get(name)
        if text is None:
            return None
        try:
            found = time.fromisoformat(text)
        except ValueError:
            raise InvalidRequest(name, text, "a time such as 08:15") from None
        return found.hour + found.minute / _MINUTES_PER_HOUR

    def hour(self, name: str, otherwise: float) -> float:
        """A time of the clock in hours.

        Raises
        ------
        InvalidRequest
        """
        found = self.maybe_hour(name)
        return otherwise if found is None else found

    @property
    def kept(self) -> DaysKept:
        """Which days of a period."""
        found: DaysKept = self.choice("jours", DAYS_KEPT, get_args(DaysKept)[0])
        return found

    def maybe_period(self, first: str = "du", last: str = "au") -> Period | None:
        """A period of the address; None where it names neither end."""
        begins, ends = self.maybe_day(first), self.maybe_day(last)
        if begins is None and ends is None:
            return None
        ends = ends or self.today
        return Period(begins or ends - timedelta(days=_PERIOD_DAYS - 1), ends, self.kept)

    def period(self, first: str = "du", last: str = "au") -> Period:
        """A period of the address; the four weeks up to yesterday where it names none."""
        return self.maybe_period(first, last) or Period(*_weeks_before(self.today), self.kept)


def whole_weeks(today: date) -> Mapping[Control, str]:
    """The period of :meth:`Asked.period` where the address names none, as its controls show it."""
    first, last = _weeks_before(today)
    return {"du": first.isoformat(), "au": last.isoformat()}


def _weeks_before(today: date) -> tuple[date, date]:
    yesterday = today - timedelta(days=1)
    return yesterday - timedelta(days=_PERIOD_DAYS - 1), yesterday


def _nothing_more(_today: date) -> Mapping[Control, str]:
    return {}


def _is_never(_asked: Asked) -> bool:
    return False


def asked_of(services: Services, search: str) -> Asked | None:
    """What an address asks for; None where no network is known yet.

    Raises
    ------
    InvalidRequest
        When it has too many parts, or one is too long.
    """
    view = services.traffic.view()
    if view is None:
        return None
    return Asked(parts_of(search), view.network, services.today(), view.snapshot.source == "demo")


@dataclass(frozen=True)
class PageView:
    """One view.

    Attributes
    ----------
    name : str
        In addresses, and of its section in the texts (``trends_NAME``).
    controls : sequence of Control
        Those that it asks with.
    query : callable
        Of what the address asks, the question; None of a view whose scripts ask by themselves.
        An InvalidRequest says what makes no sense.
    build : callable
        Of the texts, the answer (None without a question) and what was asked, what is shown.
    defaults : callable
        Of today, what is in force for controls where the address is silent, besides the whole
        network, today and the first of choices; such as :func:`whole_weeks`.
    is_of_period : callable
        Whether what is asked is of the period, of a view that may be of a day as well.
    react : callable, optional
        Given the page's application and the services, adds what happens on what is shown.
    taken : callable, optional
        Of what the address asks, the question whose answer is taken away as a file, where it is
        another one than what is shown.
    when : callable, optional
        Of the texts and what was asked, which days the heading names, where it is not the day or
        the period of the address.
    """

    name: str
    controls: Sequence[Control]
    query: Callable[[Asked], Query[Any] | None]
    build: Callable[[Texts, Any, Asked], Sequence[Component]]
    defaults: Callable[[date], Mapping[Control, str]] = _nothing_more
    is_of_period: Callable[[Asked], bool] = _is_never
    react: Callable[[Dash, Services], None] | None = None
    taken: Callable[[Asked], Query[Any]] | None = None
    when: Callable[[Texts, Asked], str] | None = None

    def taken_away(self, asked: Asked) -> Query[Any] | None:
        """The question whose answer is taken away as a file; None where there is none.

        Raises
        ------
        InvalidRequest
        """
        return self.query(asked) if self.taken is None else self.taken(asked)

    def heading(self, texts: Texts, asked: Asked) -> str:
        """What is shown, where and when, in words.

        Raises
        ------
        InvalidRequest
        """
        words = [
            f"{texts[self.section]['link']}{texts['trends']['colon']}",
            asked.place_words(texts),
        ]
        if self.when is not None:
            words.append(self.when(texts, asked))
        elif "jour" in self.controls and not self.is_of_period(asked):
            words.append(day_words(texts, asked.day("jour", asked.today), asked.today))
        elif "du" in self.controls:
            words.append(period_words(texts, asked.period()))
        return f"{words[0]} {', '.join(words[1:])}"

    @property
    def section(self) -> str:
        """Of the texts."""
        return section_of(self.name)

    def in_force(self, today: date) -> Mapping[Control, str]:
        """What its controls show where the address is silent."""
        first = {name: CONTROLS[name].choices[:1] for name in self.controls}
        always = {"lieu": WHOLE, "jour": today.isoformat()}
        found = {name: choice[0] for name, choice in first.items() if choice}
        found |= {name: value for name, value in always.items() if name in self.controls}
        return found | dict(self.defaults(today))
