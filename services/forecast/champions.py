"""The table of the model in use: which version is the champion, read again when it changes.

<models>/champion           the version in use, one line of text
<models>/set_aside          a version that the average of what was observed does better than
<models>/<version>/<file>   its table

Of several such directories the first that has a champion wins.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

from services.base.errors import ForecastUnavailable, StorageError
from services.base.files import FileStamp, read_if_present, stamp_of, write_atomically
from services.base.watched import Watched

log = logging.getLogger(__name__)

# Those that came with the code.
SHIPPED_ARTIFACTS: Final = Path(__file__).parents[2] / "models" / "artifacts"
CHAMPION_FILE: Final = "champion"
SET_ASIDE_FILE: Final = "set_aside"
# Also keeps a damaged champion file from naming a path elsewhere.
VERSION_PATTERN: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{6}")


def model_roots(data_dir: Path, shipped: Path, folder: str = ".") -> tuple[Path, Path]:
    """Directories of one kind of model: of those trained here, which win, and of those shipped."""
    return data_dir / "models" / folder, shipped / folder


class ModelTable(Protocol):
    """What a model wrote; it knows the version of its model."""

    @property
    def model_version(self) -> str:
        """Name of the directory that it belongs into."""


Table = TypeVar("Table", bound=ModelTable)


class CachedChampion(Generic[Table]):
    """Gives the champion's table; reads it again only when a champion changed.

    A new champion that cannot be read is journalled once and the last good table
    stays. Safe to share between threads.

    Parameters
    ----------
    roots : sequence of Path
        Directories of models, the one that wins first; nothing is read before
        the first question.
    file_name : str
        Of the table, in the directory of its version.
    decode : callable
        Bytes to table; raises ForecastUnavailable when they are no such table.
    """

    def __init__(
        self, roots: Sequence[Path], file_name: str, decode: Callable[[bytes], Table]
    ) -> None:
        self._roots = roots
        self._champions = [root / CHAMPION_FILE for root in roots]
        self._file_name = file_name
        self._decode = decode
        self._watched = Watched(f"the champion's {file_name}", self._stamps, self._first_readable)

    def table(self) -> Table:
        """The current table.

        Raises
        ------
        ForecastUnavailable
            When none can be read and none ever could.
        """
        table = self._watched.value()
        if table is None:
            raise ForecastUnavailable(str(self._watched.problem))
        return table

    def is_set_aside(self, table: Table) -> bool:
        """Whether the average of what was observed is shown instead of a table."""
        return set_aside_version(self._roots[0]) == table.model_version

    def _stamps(self) -> tuple[FileStamp | None, ...]:
        return tuple(map(stamp_of, self._champions))

    def _first_readable(self, last_good: Table | None) -> Table:
        """The first champion that can be read; a broken one gives way to the last good table."""
        problem: ForecastUnavailable | None = None
        for root in self._roots:
            try:
                table = self._champion_table(root)
            except ForecastUnavailable as error:
                if last_good is not None:
                    raise
                problem = error
                continue
            if table is not None:
                if problem is not None:
                    log.error("a champion gives way to the next: %s", problem, exc_info=problem)
                return table
        if last_good is not None:
            return last_good
        places = " or ".join(map(str, self._roots))
        raise problem or ForecastUnavailable(f"no {CHAMPION_FILE} file in {places}")

    def _champion_table(self, root: Path) -> Table | None:
        """The champion's table; None when this directory has no champion."""
        version = champion_version(root)
        if version is None:
            return None
        return read_table(root, version, self._file_name, self._decode)


def champion_version(root: Path) -> str | None:
    """The version that a directory of models names as its champion; None when it names none.

    Raises
    ------
    ForecastUnavailable
        When the file that names it is damaged or cannot be read.
    """
    return _version_in(root / CHAMPION_FILE)


def set_aside_version(root: Path) -> str | None:
    """The version that the average is shown instead of; None when there is none, or none to read.

    Parameters
    ----------
    root : Path
        The directory of the models that were trained here.
    """
    try:
        return _version_in(root / SET_ASIDE_FILE)
    except ForecastUnavailable as error:
        log.warning("no model is set aside: %s", error)
        return None


def set_aside(root: Path, version: str) -> None:
    """Show the average of what was observed instead of a version, until another one is champion.

    Raises
    ------
    StorageError
    """
    write_atomically(root / SET_ASIDE_FILE, f"{version}\n".encode())


def _version_in(path: Path) -> str | None:
    try:
        content = read_if_present(path)
    except StorageError as error:
        raise ForecastUnavailable(str(error)) from error
    if content is None:
        return None
    version = content.decode(errors="replace").strip()
    if not VERSION_PATTERN.fullmatch(version):
        raise ForecastUnavailable(f"{path} names no version: {version[:40]!r}")
    return version


def read_table(root: Path, version: str, file_name: str, decode: Callable[[bytes], Table]) -> Table:
    """The table of one version in a directory of models.

    Parameters
    ----------
    root, version
        Where, and which.
    file_name, decode
        As for :class:`CachedChampion`.

    Raises
    ------
    ForecastUnavailable
        When it is missing, damaged, or another version's.
    """
    path = root / version / file_name
    try:
        document = read_if_present(path)
    except StorageError as error:
        raise ForecastUnavailable(str(error)) from error
    if document is None:
        raise ForecastUnavailable(f"{path} is missing")
    try:
        table = decode(document)
    except ForecastUnavailable as error:
        raise ForecastUnavailable(f"{path}: {error}") from error
    if table.model_version != version:
        raise ForecastUnavailable(f"{path} was written by model {table.model_version!r}")
    return table
