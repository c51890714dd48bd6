"""Why the archive has no answer, as a problem over HTTP: the same wherever it is asked."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response

from callbacks.http.problems import problem
from services.plain.trends.asking import Failed

# Whose fault it is: ours, nobody's, or else that of who asks.
_STATUSES: Final = {
    "failed": HTTPStatus.INTERNAL_SERVER_ERROR,
    "time": HTTPStatus.UNPROCESSABLE_ENTITY,
    "memory": HTTPStatus.UNPROCESSABLE_ENTITY,
    "stopped": HTTPStatus.SERVICE_UNAVAILABLE,
    "no_history": HTTPStatus.NOT_FOUND,
    "nothing_stored": HTTPStatus.NOT_FOUND,
}
# What else an error of ours says may name a file or a host: that is for the journal alone.
_OURS: Final = {
    "failed": "the archive's process failed at it: its journal says why",
    "memory": "it takes more memory than a question may",
}


def failure(failed: Failed) -> Response:
    """A question that has no answer.

    Parameters
    ----------
    failed : Failed
        What it says of an error of ours stays here.
    """
    status = _STATUSES.get(failed.reason, HTTPStatus.BAD_REQUEST)
    detail = _OURS.get(failed.reason) or failed.detail or failed.reason
    return problem(status, detail, reason=failed.reason)
