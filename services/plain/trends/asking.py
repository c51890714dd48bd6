"""How a question to the archive looks, and what may come of asking it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

import msgspec

Answer = TypeVar("Answer", bound=msgspec.Struct)


class Query(msgspec.Struct, Generic[Answer], frozen=True, forbid_unknown_fields=True):
    """A question of one view: ``class CurveQuery(Query[CurveAnswer], frozen=True, tag="courbe")``.

    Its tag names the view, in addresses, in metrics and in the registry
    (:mod:`services.trends.views`). Equal questions are computed once.
    """

    def days(self) -> tuple[date, date] | None:
        """The first and the last local day that the answer depends on; None: on any.

        What is written about other days leaves a kept answer as it is.
        """
        return None


def view_of(query_type: type[Query[Any]]) -> str:
    """The name of the view that answers such questions.

    Raises
    ------
    TypeError
        When it has none.
    """
    tag = query_type.__struct_config__.tag
    if not isinstance(tag, str):
        raise TypeError(f"{query_type.__name__} has no tag to name its view by")
    return tag


def answer_type(query_type: type[Query[Answer]]) -> type[Answer]:
    """What such questions are answered by.

    Raises
    ------
    TypeError
        When it says nothing of it.
    """
    for base in getattr(query_type, "__orig_bases__", ()):
        origin, given = get_origin(base), get_args(base)
        if isinstance(origin, type) and issubclass(origin, Query) and len(given) == 1:
            found: type[Answer] = given[0]
            return found
    raise TypeError(f"{query_type.__name__} is no Query[…] of an answer")


OwnReason = Literal["refused", "time", "memory", "failed", "stopped"]
"""Refused: the question has no answer; the limits of time and of memory; failed: ours; stopped:
nobody wanted it any more."""


@dataclass(frozen=True)
class Done(Generic[Answer]):
    """Here it is."""

    answer: Answer


class Running(msgspec.Struct, frozen=True, tag=True):
    """It is computed: ask again in a second.

    Parameters
    ----------
    done, of : int
        Days, or whatever the view counts; both 0 before it has counted.
    """

    done: int
    of: int


class Queued(msgspec.Struct, frozen=True, tag=True):
    """It waits for others: ask again in a second.

    Parameters
    ----------
    place : int
        1 for who is next.
    """

    place: int


class Busy(msgspec.Struct, frozen=True, tag=True):
    """So many wait that it was not taken: ask again in some seconds."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """There is no answer.

    Parameters
    ----------
    reason : str
        A key of the texts: an :data:`OwnReason`, or where a view refuses the question the
        ``reason`` of its error's class, such as "unknown_place".
    detail : str
        In English, one line: for the journal and for who asks by a program.
    """

    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Away:
    """Nobody answers questions to the archive here, or not now."""


Outcome = Done[Answer] | Running | Queued | Busy | Failed | Away
