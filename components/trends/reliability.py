"""How far one can rely on the time that drives take: the place chosen, and all corridors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.subpage import build_card, build_paragraphs, build_table
from components.trends.sortable_table import Column, build_sortable_table, cell
from components.trends.words import mean_words
from services.base.texts import Texts, formats
from services.plain.trends.reliability import (
    PartReliability,
    PlaceReliability,
    ReliabilityAnswer,
)

TABLE_ID: Final = "trends-reliability"
# Of an area, the drive that its times are told of: its index alone means little to people.
_DRIVE_S: Final = 600.0
_NOTHING: Final = "–"
_FIGURES: Final = ("mean", "planned", "tti", "pti", "buffer", "lottr")


def build_reliability(
    texts: Texts, answer: ReliabilityAnswer, names: Mapping[str, str]
) -> Sequence[Component]:
    """The cards.

    Parameters
    ----------
    names : mapping
        What each place is called.
    """
    wording, written = texts["trends_fiabilite"], formats(texts)
    chosen, corridors = answer.places[0], [one for one in answer.places if _is_corridor(one)]
    name = names[chosen.place]
    days = wording["days"].format(
        first=written.day(answer.first),
        last=written.day(answer.last),
        observed=answer.observed_days,
        lacking=answer.lacking_days,
    )
    return [
        build_card(
            wording["heading"],
            html.P(headline(texts, chosen), className="trends-described"),
            *_verdict_of_place(wording, chosen),
            build_parts(texts, chosen, name),
            html.P(days, className="trends-note"),
        ),
        build_card(
            wording["corridors"],
            build_sortable_table(
                texts,
                TABLE_ID,
                _columns(wording),
                [
                    _row(texts, names[place.place], place, part)
                    for place in corridors
                    for part in place.parts
                ],
                wording["corridors_caption"],
            ),
            html.Details(
                [html.Summary(wording["explain_title"]), *build_paragraphs(wording["explain"])]
            ),
        ),
    ]


def _is_corridor(place: PlaceReliability) -> bool:
    return place.place.startswith("corridor:")


def build_parts(texts: Texts, place: PlaceReliability, name: str) -> html.Div:
    """The figures of a place, a row for each part of the week.

    Parameters
    ----------
    name : str
        What the place is called.
    """
    wording = texts["trends_fiabilite"]
    return build_table(
        [wording[key] for key in ("part", *_FIGURES, "verdict", "observed")],
        [_row_of_part(texts, place, part) for part in place.parts],
        wording["caption"].format(place=name),
    )


def headline(texts: Texts, place: PlaceReliability) -> str:
    """The part of the week that one has to plan for the most, in a sentence."""
    wording = texts["trends_fiabilite"]
    told = [(part.indices.planning_time_index, part) for part in place.parts if part.indices]
    if not told:
        return str(wording["nothing_told"])
    _, worst = max(told, key=lambda pair: pair[0])
    mean, planned = _times(texts, place, worst)
    return str(wording["told" if place.is_route else "told_area"]).format(
        part=wording[f"part_{worst.part}"], mean=mean, planned=planned
    )


def _verdict_of_place(wording: Mapping[str, Any], place: PlaceReliability) -> list[html.P]:
    if place.is_reliable is None:
        return []
    return [html.P(wording["all_reliable" if place.is_reliable else "not_all_reliable"])]


def _times(texts: Texts, place: PlaceReliability, part: PartReliability) -> tuple[str, str]:
    """Mean time and 95th percentile in words; of an area, of a drive of ten minutes."""
    if part.indices is None:
        return _NOTHING, _NOTHING
    scale = 1.0 if place.is_route else _DRIVE_S / place.free_s
    return (
        mean_words(texts, part.indices.mean_s * scale),
        mean_words(texts, part.indices.p95_s * scale),
    )


def _numbers(texts: Texts, part: PartReliability) -> dict[str, tuple[float | None, str]]:
    """Each index and how it is written."""
    found, written = part.indices, formats(texts)
    if found is None:
        return dict.fromkeys(_FIGURES[2:], (None, _NOTHING))
    return {
        "tti": (found.travel_time_index, written.number(found.travel_time_index, 2)),
        "pti": (found.planning_time_index, written.number(found.planning_time_index, 2)),
        "buffer": (found.buffer_index, written.percent(found.buffer_index)),
        "lottr": (found.lottr, written.number(found.lottr, 2)),
    }


def _verdict(texts: Texts, part: PartReliability) -> str:
    wording = texts["trends_fiabilite"]
    if part.indices is not None:
        return str(wording["reliable" if part.indices.is_reliable else "unreliable"])
    share = formats(texts).percent(part.observed_share)
    return str(wording[f"untold_{part.untold}"]).format(share=share, days=part.days)


def _row_of_part(texts: Texts, place: PlaceReliability, part: PartReliability) -> list[str]:
    return [
        texts["trends_fiabilite"][f"part_{part.part}"],
        *_times(texts, place, part),
        *(words for _, words in _numbers(texts, part).values()),
        _verdict(texts, part),
        formats(texts).percent(part.observed_share),
    ]


def _columns(wording: Mapping[str, str]) -> list[Column]:
    return [
        Column("place", wording["place"], width_px=168),
        Column("part", wording["part"], width_px=150),
        Column("mean", wording["mean"], is_number=True, width_px=108),
        Column("planned", wording["planned"], is_number=True, width_px=124),
        *(Column(name, wording[name], is_number=True, width_px=98) for name in _FIGURES[2:]),
        Column("verdict", wording["verdict"], width_px=130),
        Column("observed", wording["observed"], is_number=True, width_px=108),
    ]


def _row(texts: Texts, name: str, place: PlaceReliability, part: PartReliability) -> dict[str, Any]:
    mean, planned = _times(texts, place, part)
    found = part.indices
    row = {
        "place": name,
        "part": texts["trends_fiabilite"][f"part_{part.part}"],
        "verdict": _verdict(texts, part),
        **cell("mean", None if found is None else found.mean_s, mean),
        **cell("planned", None if found is None else found.p95_s, planned),
        **cell("observed", part.observed_share, formats(texts).percent(part.observed_share)),
    }
    for figure, (value, words) in _numbers(texts, part).items():
        row |= cell(figure, value, words)
    return row
