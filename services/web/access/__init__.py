"""Who may enter the operators' rooms: one operator, a session, and a limit on guessing.

Nothing here knows pages: ``callbacks/pages/log_in.py`` shows the form, ``/exploitation``,
``/camera`` and ``/dashboard`` ask :func:`is_signed_in`.
"""

from __future__ import annotations

from services.web.access.credentials import announce_password, first_password, secret_key
from services.web.access.session import (
    LogIn,
    accept_invitation,
    attempt_log_in,
    is_from_own_page,
    is_log_out_token,
    is_signed_in,
    log_out_token,
    operator_name,
    prepare_access,
    sign_out,
)

__all__ = [
    "LogIn",
    "accept_invitation",
    "announce_password",
    "attempt_log_in",
    "first_password",
    "is_from_own_page",
    "is_log_out_token",
    "is_signed_in",
    "log_out_token",
    "operator_name",
    "prepare_access",
    "secret_key",
    "sign_out",
]
