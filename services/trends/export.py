"""What a view shows, as a file: its question is answered, and the answer written down."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from services.base.errors import InvalidRequest
from services.base.texts import Texts, checked_language, load_texts
from services.plain.trends.asking import Query, view_of
from services.plain.trends.export import ExportAnswer, ExportQuery
from services.trends.archive import Archive, Report
from services.trends.place_words import place_words
from services.trends.table import Table, encode
from services.trends.view_tables import TABLES, Words
from services.trends.views import VIEWS, View, by_name


def answer_export(archive: Archive, query: ExportQuery, report: Report) -> ExportAnswer:
    """Answer.

    Raises
    ------
    InvalidRequest
        Where the view tells of no places and GeoJSON is asked for, or where there is no such view.
    TrafficError
        Whatever the view raises.
    """
    view = by_name(VIEWS).get(query.view)
    if view is None:
        raise InvalidRequest("vue", query.view, "a view that there is")
    question = msgspec.msgpack.decode(query.question, type=view.query_type)
    tables = TABLES[view.query_type]
    make = tables.on_the_map if query.form == "geojson" else tables.table
    if make is None:
        raise InvalidRequest("vue", query.view, "a view that tells of several places")
    texts = load_texts(checked_language(query.language))
    answer = view.answer(archive, question, report)
    table = make(answer, Words(archive.network, texts))
    body = encode(
        table, query.form, definitions_of(archive, question, table, texts), archive.network
    )
    return ExportAnswer(body, table.rows)


def definitions_of(
    archive: Archive, question: Query[Any], table: Table, texts: Texts
) -> dict[str, Any]:
    """What a table is of, what its columns mean and where its data are from, as JSON takes it."""
    city = archive.city
    asked = msgspec.to_builtins(question)
    place = asked.get("place")
    return {
        "view": view_of(type(question)),
        "city": city.name,
        "place_name": None if place is None else place_words(archive.network, place, texts),
        "asked": asked,
        "facts": msgspec.to_builtins(dict(table.facts)),
        "columns": [
            {
                "name": column.name,
                "unit": column.unit,
                "definition": texts["trends_columns"][column.meaning_key],
            }
            for column in table.columns
        ],
        "times": texts["trends_export"]["times"],
        "source": city.dataset_url,
        "licence": city.licence,
        "licence_url": city.licence_url,
        "is_simulated": archive.source == "demo",
        "network_version": archive.network.version,
        "made_at": archive.clock().replace(microsecond=0).isoformat(),
    }


EXPORT: Final = View(ExportQuery, answer_export)
ANSWERED: Final = (*VIEWS, EXPORT)
"""All that the archive is asked: the views, and what they show as files."""
