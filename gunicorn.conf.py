"""How gunicorn serves the web role; every value comes from the settings."""

import sys

from services.base.data_directory import end_with_data_directory, prepare_data_directory
from services.base.errors import TrafficError
from services.base.journal import start_journal
from services.base.settings import load_settings
from services.city.chosen import CITY
from services.metrics.shared_directory import share_metrics
from services.web.monitoring import start_graphs
from services.web.server.limits import THREADS

try:
    _settings = load_settings()
    prepare_data_directory(_settings.data_dir, CITY.name)
except TrafficError as error:
    sys.exit(str(error))

bind = _settings.address
workers = _settings.web_processes
worker_class = "services.web.server.worker.WebWorker"
threads = THREADS
# Each process builds its own application: nothing is shared across a fork.
preload_app = False
# An access log would hold IP addresses.
accesslog = None
# A way in that nobody asked for.
control_socket_disable = True
timeout = 60


def when_ready(server):  # noqa: ARG001 - gunicorn calls it with it
    """The first process ends with the directory, and the others with it."""
    end_with_data_directory(_settings.data_dir)


def post_fork(server, worker):  # noqa: ARG001 - gunicorn calls it with both
    """Give each process its own handle on the journal, and files of metrics of its own.

    What processes that have ended counted is merged by the one that takes their place.
    """
    start_journal(_settings)
    share_metrics(_settings.data_dir, "web")


def post_worker_init(worker):
    """What runs beside the requests starts where they are answered."""
    start_graphs(worker.wsgi)
