"""A page's refresh and its choice of an hour, as the browser asks for them."""

from __future__ import annotations

from typing import Any, Final, Protocol

from benchmarks.http_client import Answer, Callback, Connection, find_callback
from benchmarks.rows import NotMeasured
from components.moment import DAY_ID, HOUR_ID, QUESTION_STORE_ID, ZONE_ID
from components.page import LANGUAGE_STORE_ID, NEWS_STORE_ID, REFRESH_ID, SHOWN_STORE_ID
from services.base.texts import DEFAULT_LANGUAGE
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import DAY_NAMES, HOURS

# Of no snapshot: a page that shows it is always sent the current one.
STALE_VERSION: Final = "0" * 12
_TICKS: Final = f"{REFRESH_ID}.n_intervals"
_SHOWN: Final = f"{SHOWN_STORE_ID}.data"
_QUESTION: Final = f"{QUESTION_STORE_ID}.data"


class Asker(Protocol):
    """Someone at a page, who asks again and again."""

    def ask(self, number: int) -> bytes:
        """The request with that number."""
        ...

    def hear(self, answer: Answer) -> None:
        """Take the answer to the last request."""
        ...


class RefreshingPage:
    """A page that refreshes itself.

    Parameters
    ----------
    port : int
    is_stale : bool
        Whether it never shows what it is sent, so that every answer brings news.
    """

    def __init__(self, port: int, *, is_stale: bool = False) -> None:
        self._callback = find_callback(port, _TICKS)
        self._is_stale = is_stale
        self.shown = {"snapshot": STALE_VERSION}
        # The forecasts come with the page itself.
        with Connection(port) as line:
            told = news_in(line.exchange(self.ask(1)))
        self.shown["forecasts"] = told["forecasts"]["version"]

    @property
    def path(self) -> str:
        """Where it posts."""
        return self._callback.path

    def body(self) -> bytes:
        """What it posts now."""
        return self._callback.body(_TICKS, {_TICKS: 1, _SHOWN: self.shown})

    def ask(self, number: int) -> bytes:
        """See :class:`Asker`."""
        return self._callback.request(_TICKS, {_TICKS: number, _SHOWN: self.shown})

    def hear(self, answer: Answer) -> None:
        """See :class:`Asker`."""
        snapshot = news_in(answer).get("snapshot")
        if snapshot is not None and not self._is_stale:
            self.shown["snapshot"] = snapshot["version"]


class HourChooser:
    """Someone who chooses one hour of the week after another, on a page without the table."""

    def __init__(self, port: int) -> None:
        self._callback = find_callback(port, _QUESTION)

    def ask(self, number: int) -> bytes:
        """See :class:`Asker`."""
        day, hour = hour_of_week(number)
        values = {
            _QUESTION: number,
            f"{HOUR_ID}.value": str(hour),
            f"{DAY_ID}.value": DAY_NAMES[day],
            f"{ZONE_ID}.value": RENNES.first_zone,
            f"{LANGUAGE_STORE_ID}.data": DEFAULT_LANGUAGE,
        }
        return self._callback.request(_QUESTION, values)

    def hear(self, answer: Answer) -> None:
        """See :class:`Asker`."""
        response_in(answer)


class PlainPage:
    """A page of the plain approach, where one input fires.

    Parameters
    ----------
    callback : Callback
    changed : str
        The input, as ``id.property``.
    """

    def __init__(self, port: int, changed: str) -> None:
        self._callback: Callback = find_callback(port, changed)
        self._changed = changed

    @property
    def path(self) -> str:
        """Where it posts."""
        return self._callback.path

    def body(self) -> bytes:
        """What it posts now."""
        return self._callback.body(self._changed, {self._changed: 1})

    def ask(self, number: int) -> bytes:
        """See :class:`Asker`."""
        return self._callback.request(self._changed, {self._changed: number})

    def hear(self, answer: Answer) -> None:
        """See :class:`Asker`."""
        response_in(answer)


def hour_of_week(number: int) -> tuple[int, int]:
    """Day (0 is Monday) and hour of a choice, in a week that begins again."""
    return divmod(number % (len(DAY_NAMES) * HOURS), HOURS)


def response_in(answer: Answer) -> dict[str, Any]:
    """What a callback answered, by component.

    Raises
    ------
    NotMeasured
        When it is not the answer of a callback that went well.
    """
    if answer.status != 200:
        raise NotMeasured(f"a callback answered {answer.status}: {answer.body[:80]!r}")
    response: dict[str, Any] = answer.json()["response"]
    return response


def news_in(answer: Answer) -> dict[str, Any]:
    """What a refresh answered."""
    news: dict[str, Any] = response_in(answer)[NEWS_STORE_ID]["data"]
    return news


def current_news(port: int) -> dict[str, Any]:
    """What a server sends to a page that has another snapshot.

    Raises
    ------
    NotMeasured
        When it has no snapshot.
    """
    with Connection(port) as line:
        news = news_in(line.exchange(RefreshingPage(port).ask(1)))
    if "snapshot" not in news:
        raise NotMeasured("no snapshot is published")
    return news
