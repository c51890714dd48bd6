"""What the monitoring may keep of a visitor: nothing, and nothing that a visitor wrote.

Its pages are made with AngularJS, which nobody mends any more: what strangers write does not come
near them. The journal has the messages and paths.
"""

from __future__ import annotations

from typing import Any

from services.base.privacy import NOT_KEPT


def no_address() -> str:
    """Stands for the visitor's IP address. It must not fail: the package would use the real one."""
    return NOT_KEPT


def clean_request(_mapper: Any, _connection: Any, row: Any) -> None:
    """Before a measured request is stored."""
    row.ip = NOT_KEPT


def clean_outlier(_mapper: Any, _connection: Any, row: Any) -> None:
    """Before a slow request is stored: no header, no environment, no address."""
    row.request_header = NOT_KEPT
    row.request_environment = NOT_KEPT
    row.request_url = NOT_KEPT


def without_message(error: BaseException) -> Exception:
    """Stands for an error of which its kind may be kept: its message, or its causes', may quote."""
    kind: type[Exception] = type(type(error).__name__, (Exception,), {})
    return kind(NOT_KEPT)
