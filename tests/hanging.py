"""Work that hangs until a test lets it go."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import PATIENCE_SECONDS, wait_until


class HangingWork:
    """Whatever it is given, it ends when a test says so."""

    def __init__(self) -> None:
        self._begun, self._released = threading.Event(), threading.Event()

    def __call__(self, *_given: object) -> None:
        self._begun.set()
        assert self._released.wait(PATIENCE_SECONDS)

    @contextmanager
    def under_way(self, turn: Callable[[], object]) -> Iterator[None]:
        """While entered, what calls this work is under way in a thread of its own."""
        thread = threading.Thread(target=turn)
        thread.start()
        try:
            assert self._begun.wait(PATIENCE_SECONDS)
            yield
        finally:
            self._released.set()
            thread.join()


@contextmanager
def lookups_that_hang(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While entered, no name of a host is found; those asked for are afterwards, too late."""
    released, look_up = threading.Event(), socket.getaddrinfo

    def hang(*place: Any, **options: Any) -> Any:
        assert released.wait(PATIENCE_SECONDS)
        return look_up(*place, **options)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", hang)
            yield
    finally:
        released.set()
        wait_until(lambda: all(thread.name != "connecting" for thread in threading.enumerate()))


@contextmanager
def hanging_file(path: Path) -> Iterator[Callable[[], object]]:
    """A file whose opening waits, as on a mount that hangs; gives whether somebody waits there."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    writers: list[int] = []

    def is_being_read() -> object:
        with suppress(OSError):
            writers.append(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        return writers

    try:
        yield is_being_read
    finally:
        for writer in writers:
            os.close(writer)
