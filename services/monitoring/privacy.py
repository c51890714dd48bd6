"""What the monitoring may keep of a visitor: nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from services.privacy import NOT_KEPT, without_personal_data


def no_address() -> str:
    """Stands for the visitor's IP address. It must not fail: the package would use the real one."""
    return NOT_KEPT


def clean_request(_mapper: Any, _connection: Any, row: Any) -> None:
    """Before a measured request is stored."""
    row.ip = NOT_KEPT


def clean_outlier(_mapper: Any, _connection: Any, row: Any) -> None:
    """Before a slow request is stored: no header, no environment, no query string."""
    row.request_header = NOT_KEPT
    row.request_environment = NOT_KEPT
    row.request_url = _path_only(row.request_url)


def clean_message(_mapper: Any, _connection: Any, row: Any) -> None:
    """Before the message of an exception is stored."""
    row.message = without_personal_data(row.message)


def _path_only(url: str | bytes | None) -> str:
    text = url.decode("utf-8", "replace") if isinstance(url, bytes) else url or ""
    return without_personal_data(urlsplit(text).path)
