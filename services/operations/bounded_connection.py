"""A connection to PostgreSQL that gives up a server that neither answers nor goes away.

What limits a statement is the server's to end, and the system's limits end a line that is cut. A
server that stands still (a machine that was paused, a disk that hangs) is neither: its system takes
what is sent and says that it is there, for as long as it likes.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen

Value = TypeVar("Value")


class BoundedConnection(Connection[Any]):
    """Psycopg's, each of whose questions is answered in time, or it is closed.

    Attributes
    ----------
    limit_s : float or None
        For how long an answer is waited for, in seconds; None for as long as it takes.
    """

    limit_s: float | None = None

    def wait(self, gen: PQGen[Value], *args: Any, **kwargs: Any) -> Value:
        """As psycopg's, within the limit.

        Raises
        ------
        OperationalError
        """
        bounded = gen if self.limit_s is None else self._within(self.limit_s, gen)
        return super().wait(bounded, *args, **kwargs)

    def _within(self, limit_s: float, gen: PQGen[Value]) -> Generator[Any, Any, Value]:
        until = time.monotonic() + limit_s
        try:
            wanted = next(gen)
            while True:
                # Several times a second it is told that nothing came.
                ready = yield wanted
                if not ready and time.monotonic() > until:
                    # What it answers later answers no other question.
                    self.pgconn.finish()
                    raise OperationalError(f"the server did not answer within {limit_s:.0f} s")
                wanted = gen.send(ready)
        except StopIteration as done:
            value: Value = done.value
            return value
