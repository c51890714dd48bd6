"""The journal: ``app.log`` in the data directory, one line an event, safe with many processes.

No line carries an IP address, a cookie or a query: the servers' access logs,
which would, are left off.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Final

from concurrent_log_handler import ConcurrentRotatingFileHandler

from services.base.journal.lines import RequestMark, formatter
from services.base.journal.repeats import Repeats
from services.base.settings import Settings

FILE_NAME: Final = "app.log"
MAX_BYTES: Final = 5 * 1024 * 1024
KEPT_FILES: Final = 5
# These name clients or say nothing below a warning.
_QUIET_LOGGERS: Final = (
    "werkzeug",
    "urllib3",
    "apscheduler",
    "flask_limiter",
    "apprise",
    "alembic",
)


def start_journal(settings: Settings) -> None:
    """Send the log of this process to ``app.log`` and to the terminal.

    Calling it again replaces the earlier handlers. A journal that cannot be
    written never stops the application: the terminal still gets every line.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr), _file_handler(settings)]
    repeats = Repeats()
    for handler in handlers:
        handler.setFormatter(formatter(settings.log_format))
        handler.addFilter(repeats)
        handler.addFilter(RequestMark())
    logging.basicConfig(level=settings.log_level, handlers=handlers, force=True)
    logging.captureWarnings(capture=True)
    _take_over_loggers()
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def _take_over_loggers() -> None:
    """Have libraries that brought a handler of their own, such as a server, write here too.

    Theirs would write a request's address and query into the terminal as they came.
    """
    for logger in list(logging.Logger.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger) and logger.handlers:
            logger.handlers.clear()
            logger.propagate = True
            logger.setLevel(logging.NOTSET)


def _file_handler(settings: Settings) -> logging.Handler:
    # Whether the directory can be used is told by who prepares it.
    with suppress(OSError):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    return ConcurrentRotatingFileHandler(
        settings.data_dir / FILE_NAME,
        maxBytes=MAX_BYTES,
        backupCount=KEPT_FILES,
        encoding="utf-8",
        umask=0o077,
    )
