"""The table as Markdown and JSON, with the machine it was measured on."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.rows import ROOT, Row
from services.base.files import write_atomically

RESULTS_DIR: Final = ROOT / "benchmarks" / "results"
_PACKAGES: Final = (
    "dash", "plotly", "flask-compress", "gunicorn", "pandas", "pydantic", "pandera", "pyarrow",
    "tensorflow", "playwright",
)  # fmt: skip
_HEADINGS: Final = ("figure", "here", "baseline of the same run", "ratio", "target", "met")


@dataclass(frozen=True)
class Machine:
    """Where and when something was measured."""

    measured_at: datetime
    cpu: str
    cores: int
    load: tuple[float, float, float]
    python: str
    packages: dict[str, str]
    is_quick: bool


def describe_machine(*, is_quick: bool) -> Machine:
    """What and how busy the machine is."""
    return Machine(
        measured_at=datetime.now(UTC),
        cpu=_cpu_name(),
        cores=len(os.sched_getaffinity(0)),
        load=os.getloadavg(),
        python=platform.python_version(),
        packages={name: version(name) for name in _PACKAGES},
        is_quick=is_quick,
    )


def to_markdown(results: Mapping[str, Sequence[Row]], machine: Machine) -> str:
    """The table for people, its columns aligned for a terminal."""
    notes: list[str] = []
    lines = [
        list(_HEADINGS),
        *(_cells(row, notes) for rows in results.values() for row in rows),
    ]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_HEADINGS))]
    table = [_line(line, widths) for line in lines]
    table.insert(1, _line(["-" * width for width in widths], widths))
    numbered = [f"{place}. {note}" for place, note in enumerate(notes, start=1)]
    return "\n".join([*_preamble(machine), "", *table, "", *numbered, ""])


def to_json(results: Mapping[str, Sequence[Row]], machine: Machine) -> bytes:
    """The same for programs."""
    content = {
        "machine": asdict(machine) | {"measured_at": machine.measured_at.isoformat()},
        "results": {
            section: [asdict(row) | {"is_met": row.is_met} for row in rows]
            for section, rows in results.items()
        },
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def keep(markdown: str, content: bytes, directory: Path = RESULTS_DIR) -> None:
    """Replace the results of the last run.

    Raises
    ------
    StorageError
        When they cannot be written.
    """
    write_atomically(directory / "latest.md", markdown.encode())
    write_atomically(directory / "latest.json", content)


def _preamble(machine: Machine) -> Iterator[str]:
    yield "# Speed and size"
    yield ""
    yield (
        f"Measured by `make bench` on {machine.measured_at:%Y-%m-%d at %H:%M} UTC: {machine.cpu}, "
        f"{machine.cores} cores, Python {machine.python}, "
        + ", ".join(f"{name} {number}" for name, number in machine.packages.items())
        + "."
    )
    yield (
        "Medians, with the least and the most of several runs between brackets; each baseline "
        "was measured in the same run. The machine's load over the last 15 minutes was "
        f"{machine.load[2]:.1f}."
    )
    if machine.is_quick:
        yield "**A quick run, with few repetitions: not to be trusted.**"


def _cells(row: Row, notes: list[str]) -> list[str]:
    figure = row.figure
    if row.note:
        if row.note not in notes:
            notes.append(row.note)
        figure = f"{figure} [{notes.index(row.note) + 1}]"
    if row.here is None:
        return [figure, "not measured", "", "", "", ""]
    baseline = "" if row.baseline is None else f"{row.baseline}, {row.baseline_is}"
    target = "" if row.target is None else row.target.text(row.here, row.ratio)
    met = {None: "", True: "yes", False: "**no**"}[row.is_met]
    return [figure, str(row.here), baseline, str(row.ratio or ""), target, met]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _cpu_name() -> str:
    """The processor's name, as Linux knows it."""
    try:
        names = re.findall(
            r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE
        )
    except OSError:
        names = []
    return str(names[0]) if names else platform.machine()
