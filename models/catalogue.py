"""Which versions of a kind of model there are, which one is in use, and their main figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from models.errors import ModelMismatch
from models.records import check_files, read_measures, read_record
from services.base.errors import ForecastUnavailable
from services.forecast.champions import (
    SHIPPED_ARTIFACTS,
    VERSION_PATTERN,
    champion_version,
    model_roots,
)
from services.operations.tables import Kind, ModelVersion

CHAMPION_NAME: Final = "champion"
"""What tables of measures call the champion that a challenger is compared with."""

_RPS: Final = "ranked_probability_score"


@dataclass(frozen=True)
class ModelKind:
    """What a kind of model is called, where it lies, and by which names it is evaluated.

    Attributes
    ----------
    name : {"zones", "week", "nowcast", "camera"}
    folder : str
        In the directory of the models.
    files : tuple of str
        What a version serves by: without one of these, or with it damaged, it is not made
        the champion.
    figures : mapping
        From what its tables of measures call a forecaster to the figure that goes on record.
    learns_from_history : bool
        Whether its record tells of which days.
    """

    name: Kind
    folder: str
    files: tuple[str, ...]
    figures: Mapping[str, str]
    learns_from_history: bool = True


@dataclass(frozen=True)
class Roots:
    """Where versions of one kind of model are.

    Attributes
    ----------
    local, shipped : Path
        Those trained here, whose champion wins, and those that came with the code.
    """

    local: Path
    shipped: Path
    kind: ModelKind

    def __iter__(self) -> Iterator[Path]:
        """The local one first."""
        return iter((self.local, self.shipped))

    def only_shipped(self) -> Roots:
        """The same as if nothing had been trained here."""
        return replace(self, local=self.shipped)


@dataclass(frozen=True)
class Found:
    """A version that is there.

    Attributes
    ----------
    root : Path
        Whose directory of that name it is.
    measures : dict or None
        Its record; None when it cannot be read.
    problem : str
        What is wrong with its files; empty when nothing is.
    """

    version: str
    root: Path
    is_shipped: bool
    measures: dict[str, Any] | None
    problem: str = ""

    @property
    def directory(self) -> Path:
        """Where its files are."""
        return self.root / self.version


def roots_of(data_dir: Path, kind: ModelKind, shipped: Path = SHIPPED_ARTIFACTS) -> Roots:
    """Where versions of a kind are looked for."""
    return Roots(*model_roots(data_dir, shipped, kind.folder), kind)


def versions_in(roots: Roots) -> list[Found]:
    """Every version, whole or not, the oldest first."""
    found = [
        _found(roots, root, path.name)
        for root in roots
        for path in root.glob("*")
        if path.is_dir() and VERSION_PATTERN.fullmatch(path.name)
    ]
    return sorted(found, key=lambda item: (item.version, item.is_shipped))


def find_version(roots: Roots, version: str) -> Found | None:
    """A version by its name, one trained here before one that was shipped."""
    if not VERSION_PATTERN.fullmatch(version):
        return None
    for root in roots:
        if (root / version).is_dir():
            return _found(roots, root, version)
    return None


def champion_in_use(roots: Roots) -> Found | None:
    """The champion by name: the local one, else the shipped one; None when neither is named.

    Its files may be damaged, which ``problem`` tells; a name that is none counts as none.
    """
    for root in roots:
        try:
            version = champion_version(root)
        except ForecastUnavailable:
            continue
        if version is not None:
            return _found(roots, root, version)
    return None


def figures_of(kind: ModelKind, comparison: dict[str, Any]) -> dict[str, Any]:
    """The main figures of a comparison, as they go on record: plain numbers and dates.

    Kinds of models that measure something else leave out what they do not have.
    """
    forecasters = comparison.get("forecasters", {})
    names = {**kind.figures, CHAMPION_NAME: "champion_rps"}
    figures: dict[str, Any] = {
        figure: rps
        for name, figure in names.items()
        if (rps := _rps(forecasters.get(name))) is not None
    }
    for name, item in comparison.get("against", {}).items():
        figure = names.get(name)
        if figure is not None and "days_better" in item:
            figures[figure.replace("_rps", "_beaten_on_days")] = item["days_better"]
    if "mean_iou" in comparison:
        figures["mean_iou"] = comparison["mean_iou"]
    days: Sequence[str] = comparison.get("days", [])
    if days:
        figures |= {
            "judged_days": len(days),
            "judged_first_day": str(days[0]),
            "judged_last_day": str(days[-1]),
        }
    return figures


def _rps(measured: dict[str, Any] | list[dict[str, Any]] | None) -> float | None:
    """The ranked probability score; of a forecaster measured by lead time, its mean."""
    if isinstance(measured, list):
        return sum(float(lead["rps"]) for lead in measured) / len(measured)
    return None if measured is None else measured.get(_RPS)


def version_record(
    kind: ModelKind, version: str, measures: dict[str, Any], now: datetime
) -> ModelVersion:
    """A version as it goes on record beside a decision."""
    learned = measures["trained_on"]
    return ModelVersion(
        kind=kind.name,
        version=version,
        source=str(learned["source"]),
        first_day=date.fromisoformat(str(learned["first_day"])),
        last_day=date.fromisoformat(str(learned["last_day"])),
        days=int(learned["days"]),
        measures=figures_of(kind, measures.get("test", {})),
        recorded_at=now,
    )


def _found(roots: Roots, root: Path, version: str) -> Found:
    is_shipped = root == roots.shipped
    read = read_measures if roots.kind.learns_from_history else read_record
    try:
        return Found(version, root, is_shipped, check_files(root / version, roots.kind.files, read))
    except ModelMismatch as error:
        return Found(version, root, is_shipped, _record_or_none(root / version, read), str(error))


def _record_or_none(
    directory: Path, read: Callable[[Path], dict[str, Any]]
) -> dict[str, Any] | None:
    try:
        return read(directory)
    except ModelMismatch:
        return None
