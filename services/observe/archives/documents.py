"""The records of a JSON document of any size, one after the other.

Shapes that are read: a list of records (``exports/json``), an object that holds
one under ``results`` (API 2), ``records`` (API 1) or ``features`` (GeoJSON), and
several of these, or single records, after each other (JSON lines).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TextIO

import orjson

from services.base.errors import FeedRefused
from services.observe.archives.source_file import (
    CONTAINER_KEYS,
    MAX_RECORD_CHARACTERS,
    bounded_lines,
)

NOT_JSON: Final = "not JSON"
_CHUNK_CHARACTERS: Final = 1024 * 1024
_WHITE_SPACE: Final = " \t\r\n"


def document_records(text: TextIO) -> Iterator[Any]:
    """The records of a JSON document, decoded one at a time.

    Raises
    ------
    FeedRefused
        Where the document stops being JSON; what came before was sound.
    """
    scanner = _Scanner(text)
    while start := scanner.peek():
        if start == "[":
            yield from _array(scanner)
        elif start == "{":
            yield from _object(scanner)
        else:
            raise scanner.damaged("neither a list nor an object")


def line_records(text: TextIO) -> Iterator[Any]:
    """The records of JSON lines; None for a line that is no JSON."""
    for line in bounded_lines(text):
        if line.strip():
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError:
                yield None


def _array(scanner: _Scanner) -> Iterator[Any]:
    scanner.expect("[")
    if scanner.peek() == "]":
        scanner.expect("]")
        return
    while True:
        yield scanner.value()
        if scanner.peek() != ",":
            break
        scanner.expect(",")
    scanner.expect("]")


def _object(scanner: _Scanner) -> Iterator[Any]:
    """The records inside an object, or the object itself when it holds none."""
    scanner.expect("{")
    fields: dict[str, Any] = {}
    is_container = False
    separator = "" if scanner.peek() == "}" else ","
    while separator == ",":
        key = scanner.value()
        scanner.expect(":")
        if key in CONTAINER_KEYS and scanner.peek() == "[":
            is_container = True
            yield from _array(scanner)
        else:
            fields[str(key)] = scanner.value()
        separator = scanner.peek()
        if separator == ",":
            scanner.expect(",")
    scanner.expect("}")
    if not is_container:
        yield fields


class _Scanner:
    """Decodes JSON values from a stream, holding no more than one value and a chunk."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._decode = json.JSONDecoder().raw_decode
        self._buffer = ""
        self._place = 0
        self._passed = 0

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            while self._place < len(self._buffer):
                if self._buffer[self._place] not in _WHITE_SPACE:
                    return self._buffer[self._place]
                self._place += 1
            if not self._read_on():
                return ""

    def expect(self, character: str) -> None:
        """Pass a character.

        Raises
        ------
        FeedRefused
            When another one comes.
        """
        if self.peek() != character:
            raise self.damaged(f"{character!r} was expected")
        self._place += 1

    def value(self) -> Any:
        """The next value.

        Raises
        ------
        FeedRefused
            When it is no JSON, or longer than any record.
        """
        self.peek()
        while True:
            try:
                value, end = self._decode(self._buffer, self._place)
            except (ValueError, RecursionError) as error:
                if len(self._buffer) - self._place > MAX_RECORD_CHARACTERS:
                    raise self.damaged("no record ends here") from None
                if not self._read_on():
                    raise self._broken_off(error) from None
                continue
            # A number at the end of what was read may go on in the next chunk.
            if (
                end < len(self._buffer)
                or isinstance(value, dict | list | str)
                or (not self._read_on())
            ):
                self._place = end
                return value

    def damaged(self, reason: str) -> FeedRefused:
        """The error for the present place."""
        if not self.peek():
            return FeedRefused("body", f"{NOT_JSON} to the end: the file was cut")
        place = self._passed + self._place
        return FeedRefused("body", f"{NOT_JSON} at character {place:,}: {reason}")

    def _broken_off(self, error: Exception) -> FeedRefused:
        """The error for a value that is none, with nothing more to come."""
        message = getattr(error, "msg", str(error))
        reached = getattr(error, "pos", 0)
        if reached >= len(self._buffer) or message.startswith("Unterminated string"):
            self._place = len(self._buffer)
        return self.damaged(message)

    def _read_on(self) -> bool:
        chunk = self._text.read(_CHUNK_CHARACTERS)
        if chunk:
            self._passed += self._place
            self._buffer = self._buffer[self._place :] + chunk
            self._place = 0
        return bool(chunk)
