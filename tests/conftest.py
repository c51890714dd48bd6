from __future__ import annotations

from pathlib import Path

import pytest

# Real data lie beside the checkout where they are lent; nothing of them is committed.
REAL_DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "rennes"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave real-data tests out where there are no real data, and say so: it is no skip to miss."""
    if REAL_DATA.is_dir():
        return
    kept = [item for item in items if item.get_closest_marker("realdata") is None]
    left_out = [item for item in items if item.get_closest_marker("realdata") is not None]
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def pytest_report_header() -> str:
    if REAL_DATA.is_dir():
        return "real data: present"
    return f"real data: none at {REAL_DATA}, tests marked realdata are deselected"


@pytest.fixture(scope="session")
def rennes_reply() -> bytes:
    """One whole reply of the live API, Monday 2024-08-26 12:43."""
    return (REAL_DATA / "snapshot-2024-08-26T1243.json").read_bytes()


@pytest.fixture(scope="session")
def rennes_records() -> list[bytes]:
    """A hundred records of a year later, one each."""
    return (REAL_DATA / "records-2025-07-22T1442.jsonl").read_bytes().splitlines()
