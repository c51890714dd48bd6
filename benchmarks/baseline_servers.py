"""Dash applications of the plain approach, served by gunicorn with this project's settings."""

from __future__ import annotations

from typing import Any, Final

from dash import Dash, Input, Output, dcc, html
from flask import Flask
from flask_compress import Compress

from benchmarks.baselines import whole_figure
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import DAY_NAMES, HOURS
from services.metrics.requests import measure_requests
from services.metrics.shared_directory import metric_registry
from services.operations.database import open_for_serving
from services.traffic.store import Store
from services.web.access.session import prepare_access
from services.web.latest import LatestTraffic
from services.web.monitoring import bind_monitoring

EMPTY: Final = f"{__name__}:empty_server()"
MONITORED: Final = f"{__name__}:monitored_server()"
COUNTED: Final = f"{__name__}:counted_server()"
WHOLE_FIGURE: Final = f"{__name__}:whole_figure_server()"
PREDICTION: Final = f"{__name__}:prediction_server()"
TENSORFLOW_FIRST: Final = f"{__name__}:tensorflow_first_server()"

BUTTON_ID: Final = "button"
INTERVAL_ID: Final = "interval"
GRAPH_ID: Final = "graph"
TICKS: Final = f"{INTERVAL_ID}.n_intervals"
CLICKS: Final = f"{BUTTON_ID}.n_clicks"
HOUR_ID: Final = "hour"
HOUR: Final = f"{HOUR_ID}.value"
DAY_ID: Final = "day"
ZONE_ID: Final = "zone"


def empty_server() -> Flask:
    """A callback that does nothing: the most that Dash can do."""
    return _flask(_empty_app())


def monitored_server() -> Flask:
    """The same, measured by the monitoring at the level of the settings."""
    app, settings = _empty_app(), load_settings()
    operations = open_for_serving(settings)
    prepare_access(app.server, settings, operations)
    bind_monitoring(app.server, settings, operations.reading, RENNES)
    return _flask(app)


def counted_server() -> Flask:
    """The same, with the metrics of every request."""
    app = _empty_app()
    measure_requests(app.server, metric_registry(), lambda: app.callback_map)
    return _flask(app)


def whole_figure_server() -> Flask:
    """A new figure of all lines for each refresh; compressed, and the snapshot read once."""
    app = Dash(__name__)
    Compress(app.server)
    traffic = LatestTraffic(Store(RENNES, load_settings().data_dir))
    app.layout = html.Div(
        [
            dcc.Interval(id=INTERVAL_ID, interval=3_600_000),
            dcc.Graph(id=GRAPH_ID, style={"height": "100vh"}),
        ]
    )

    @app.callback(Output(GRAPH_ID, "figure"), Input(INTERVAL_ID, "n_intervals"))
    def refresh(_ticks: int | None) -> Any:
        view = traffic.view()
        if view is None:
            raise RuntimeError("a snapshot has to be published before this server is asked")
        return whole_figure(view.network, view.snapshot)

    return _flask(app)


def prediction_server() -> Flask:
    """``model.predict`` for each hour that is chosen."""
    from benchmarks.prediction import load_predictor  # noqa: PLC0415 - imports TensorFlow

    predict = load_predictor()
    app = Dash(__name__)
    app.layout = html.Div(
        [dcc.Input(id=name) for name in (HOUR_ID, DAY_ID, ZONE_ID)] + [html.Div(id="answer")]
    )

    @app.callback(
        Output("answer", "children"),
        Input(HOUR_ID, "value"),
        Input(DAY_ID, "value"),
        Input(ZONE_ID, "value"),
    )
    def answer(hour: int | None, day: str | None, zone: str | None) -> str:
        shares = predict((hour or 0) % HOURS, day or DAY_NAMES[0], zone or RENNES.first_zone)
        return str(shares)

    return _flask(app)


def tensorflow_first_server() -> Flask:
    """The application of this project, once TensorFlow is imported."""
    import tensorflow  # noqa: F401, PLC0415 - the import is what is measured

    from app import create_app  # noqa: PLC0415 - after TensorFlow

    return _flask(create_app(load_settings()))


def _flask(app: Dash) -> Flask:
    server: Flask = app.server
    # Dash gives its scripts only after it has served the page: each process has to have done so.
    server.test_client().get("/")
    return server


def _empty_app() -> Dash:
    app = Dash(__name__)
    app.layout = html.Div([html.Button(id=BUTTON_ID), html.Div(id="answer")])

    @app.callback(Output("answer", "children"), Input(BUTTON_ID, "n_clicks"))
    def answer(_clicks: int | None) -> str:
        return ""

    return app
