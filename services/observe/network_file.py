"""The file of a city's network: the segments of its feed as published, without what moves.

python -m services.observe.network_file REPLY.json

writes that file of the chosen city from a reply of its feed. Every field keeps its text, so that
the network of the file is of the same version as that of the reply.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from services.base.clock import utc_now
from services.base.command_line import run_command, tells_errors
from services.base.files import write_atomically
from services.city.chosen import CITY
from services.city.city import City
from services.observe.feeds.reply import ID_FIELD, TIME_FIELD, ReplyColumns, check_reply

RawRecord = dict[str, msgspec.Raw]
"""A record of the feed whose values are the JSON text that they were published as."""

_MOVING_FIELDS: Final = frozenset({TIME_FIELD, *ReplyColumns.model_fields})


def network_document(city: City, reply: bytes) -> bytes:
    """What the file holds: the records of a reply without what moves, by id, as JSON in gzip.

    Raises
    ------
    FeedRefused
        When the reply is no sound one of the city's feed.
    """
    check_reply(reply, city=city, source="live", received_at=utc_now())
    records = msgspec.json.decode(reply, type=list[RawRecord])
    records.sort(key=lambda record: msgspec.json.decode(record[ID_FIELD], type=str))
    fixed = [
        {name: text for name, text in record.items() if name not in _MOVING_FIELDS}
        for record in records
    ]
    return gzip.compress(msgspec.json.encode(fixed), mtime=0)


def read_records(city: City) -> bytes:
    """The records of a city's file as JSON: in the form of a reply, without what moves."""
    return gzip.decompress(city.network.read_bytes())


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.observe.network_file",
        description="Write the network's file of the chosen city from a reply of its feed.",
    )
    parser.add_argument("reply", type=Path, help="what exports/json answered")
    document = network_document(CITY, parser.parse_args(arguments).reply.read_bytes())
    write_atomically(CITY.network, document)
    sys.stdout.write(f"{CITY.network}: {len(document):,} B\n")
    return 0


if __name__ == "__main__":
    run_command(main)
