"""Where models live: one directory per version, and a file that names the champion.

<models>/champion                    the version in use
<models>/<version>/model.keras       the Keras model
<models>/<version>/forecasts.parquet what services/forecast/zone_forecasts.py reads
<models>/<version>/measures.json     how it was trained, and how good it is
<models>/<version>/MODEL_CARD.md     the same for people

Another kind of model has a directory of its own with the same layout, such as
<models>/week/ and <models>/nowcast/.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.base.files import write_atomically
from services.forecast.champions import CHAMPION_FILE, SET_ASIDE_FILE

MODEL_FILE: Final = "model.keras"
NOWCASTER_FILE: Final = "nowcaster.npz"
MEASURES_FILE: Final = "measures.json"
CARD_FILE: Final = "MODEL_CARD.md"
_HASH_BYTES: Final = 3


def weights_hash(weights: Iterable[NDArray[Any]]) -> str:
    """Six hexadecimal digits that change with any weight: the end of a version's name."""
    digest = hashlib.blake2b(digest_size=_HASH_BYTES)
    for values in weights:
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def as_recorded(measures: dict[str, Any]) -> dict[str, Any]:
    """Measures as their file gives them back, so that the card is made from what it says."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(measures))
    return plain


def encode_measures(measures: dict[str, Any]) -> bytes:
    """The record of a version as it is stored."""
    return orjson.dumps(measures, option=orjson.OPT_INDENT_2) + b"\n"


def write_recorded_version(
    root: Path,
    measures: dict[str, Any],
    card: Callable[[dict[str, Any]], str],
    write_files: Callable[[Path], None],
) -> Path:
    """Write a version with its record, and the card that is made from it.

    Parameters
    ----------
    measures : dict
        With ``model_version``, its name.
    root, write_files
        As for :func:`write_version`, which tells the errors.
    """

    def write_all(directory: Path) -> None:
        write_files(directory)
        (directory / MEASURES_FILE).write_bytes(encode_measures(measures))
        (directory / CARD_FILE).write_text(card(measures), encoding="utf-8")

    return write_version(root, measures["model_version"], write_all)


def write_version(root: Path, version: str, write_files: Callable[[Path], None]) -> Path:
    """Make the directory of a version appear at once, complete or not at all.

    Parameters
    ----------
    root : Path
        The directory of the models; made if missing.
    version : str
        Its name; an earlier directory of that name is replaced.
    write_files : callable
        Writes the files into the directory it is given.

    Raises
    ------
    StorageError
        When the directory cannot be written.
    """
    target = root / version
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".writing-") as workplace:
            fresh = Path(workplace) / "fresh"
            fresh.mkdir()
            write_files(fresh)
            if target.exists():
                target.replace(Path(workplace) / "replaced")
            fresh.replace(target)
    except OSError as error:
        raise StorageError(f"cannot write model {version} in {root}: {error.strerror}") from error
    return target


def promote(root: Path, version: str) -> None:
    """Make a version the champion; web processes take it up by themselves.

    One that had been set aside is no longer: whoever promotes it wants it shown.

    Raises
    ------
    StorageError
    """
    write_atomically(root / CHAMPION_FILE, f"{version}\n".encode())
    _remove(root / SET_ASIDE_FILE)


def withdraw(root: Path) -> None:
    """Name no champion here any more: the one that came with the code serves again.

    Raises
    ------
    StorageError
    """
    _remove(root / CHAMPION_FILE)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"cannot remove {path}: {error.strerror}") from error
