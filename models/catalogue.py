"""Which versions of a kind of model there are, which one is in use, and their main figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from models.errors import ModelMismatch
from models.nowcast import judging as nowcast_judging
from models.records import check_files, read_measures, read_record
from models.versions import MODEL_FILE, NOWCASTER_FILE
from models.week import scores as week_scores
from models.zones.baselines import CommonestStatus, HourOfWeekAverage
from models.zones.forecaster import KERAS_MODEL_NAME
from services.base.errors import ForecastUnavailable
from services.camera.model_files import CLASS_FILE
from services.camera.model_files import DIRECTORY as CAMERA_DIRECTORY
from services.forecast.champions import SHIPPED_ARTIFACTS, VERSION_PATTERN, champion_version
from services.forecast.week_forecasts import WEEK_FILE
from services.forecast.zone_forecasts import FORECASTS_FILE
from services.operations import FORECAST_KINDS, Kind, ModelVersion

CHAMPION_NAME: Final = "champion"
"""What tables of measures call the champion that a challenger is compared with."""

# The first kind lies in the directory of the models itself.
_FOLDERS: Final[dict[Kind, str]] = {
    "zones": ".",
    "week": "week",
    "nowcast": "nowcast",
    "camera": CAMERA_DIRECTORY,
}
# What a version serves by: without one of these, or with it damaged, it is not made the champion.
_FILES: Final[dict[Kind, tuple[str, ...]]] = {
    "zones": (MODEL_FILE, FORECASTS_FILE),
    "week": (MODEL_FILE, WEEK_FILE),
    "nowcast": (NOWCASTER_FILE,),
    "camera": (MODEL_FILE, CLASS_FILE),
}
_RPS: Final = "ranked_probability_score"
_FIGURE_NAMES: Final = {
    KERAS_MODEL_NAME: "challenger_rps",
    week_scores.MODEL: "challenger_rps",
    nowcast_judging.NOWCASTER: "challenger_rps",
    HourOfWeekAverage.name: "average_rps",
    week_scores.RAW_FREQUENCIES: "average_rps",
    CommonestStatus.name: "commonest_rps",
    CHAMPION_NAME: "champion_rps",
}


@dataclass(frozen=True)
class Roots:
    """Where versions of one kind of model are.

    Attributes
    ----------
    local, shipped : Path
        Those trained here, whose champion wins, and those that came with the code.
    files : tuple of str
        What each version serves by.
    learns_from_history : bool
        Whether its record tells of which days.
    """

    local: Path
    shipped: Path
    files: tuple[str, ...]
    learns_from_history: bool = True

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
    version : str
    root : Path
        Whose directory of that name it is.
    is_shipped : bool
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


def roots_of(data_dir: Path, kind: Kind, shipped: Path = SHIPPED_ARTIFACTS) -> Roots:
    """Where versions of a kind are looked for."""
    folder = _FOLDERS[kind]
    return Roots(
        data_dir / "models" / folder, shipped / folder, _FILES[kind], kind in FORECAST_KINDS
    )


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


def figures_of(comparison: dict[str, Any]) -> dict[str, Any]:
    """The main figures of a comparison, as they go on record: plain numbers and dates.

    Kinds of models that measure something else leave out what they do not have.
    """
    forecasters = comparison.get("forecasters", {})
    figures: dict[str, Any] = {
        figure: rps
        for name, figure in _FIGURE_NAMES.items()
        if (rps := _rps(forecasters.get(name))) is not None
    }
    for name, item in comparison.get("against", {}).items():
        figure = _FIGURE_NAMES.get(name)
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
    kind: Kind, version: str, measures: dict[str, Any], now: datetime
) -> ModelVersion:
    """A version as it goes on record beside a decision."""
    learned = measures["trained_on"]
    return ModelVersion(
        kind=kind,
        version=version,
        source=str(learned["source"]),
        first_day=date.fromisoformat(str(learned["first_day"])),
        last_day=date.fromisoformat(str(learned["last_day"])),
        days=int(learned["days"]),
        measures=figures_of(measures.get("test", {})),
        recorded_at=now,
    )


def _found(roots: Roots, root: Path, version: str) -> Found:
    is_shipped = root == roots.shipped
    read = read_measures if roots.learns_from_history else read_record
    try:
        return Found(version, root, is_shipped, check_files(root / version, roots.files, read))
    except ModelMismatch as error:
        return Found(version, root, is_shipped, _record_or_none(root / version, read), str(error))


def _record_or_none(
    directory: Path, read: Callable[[Path], dict[str, Any]]
) -> dict[str, Any] | None:
    try:
        return read(directory)
    except ModelMismatch:
        return None
