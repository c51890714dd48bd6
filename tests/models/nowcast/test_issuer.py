"""A nowcast for every snapshot: once, on the network of today, or a reason why not."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from models.nowcast.issuer import NowcastIssuer
from models.versions import promote
from services.city.rennes import RENNES
from services.forecast.champions import set_aside
from services.forecast.nowcast_files import LearnerState, current_file, learner_state, read_nowcast
from services.forecast.nowcasts import LEAD_MINUTES, UNKNOWN_PERCENT
from services.history import writer
from services.history.upkeep import keep_up
from services.traffic.status import Status
from services.traffic.store import Store
from tests.factories import make_network, make_snapshot_for
from tests.models.nowcast.cities import END, NETWORK, NEVER_KNOWN
from tests.services.history.days import keep_network

pytestmark = [
    pytest.mark.tensorflow,
    # TensorFlow 2.21's own tensors do not yet know an argument of NumPy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]

STEP = timedelta(minutes=3)


class City:
    """A data directory that snapshots come into."""

    def __init__(self, data_dir, version):
        self.data_dir = data_dir
        self.models = data_dir / "models" / "nowcast"
        self.version = version
        self.store = Store(RENNES, data_dir)
        self.store.prepare()

    def observe(self, at=END, network=NETWORK, source="demo", status=Status.HEAVY):
        for ago in reversed(range(20)):
            snapshot = make_snapshot_for(
                network, status, observed_at=at - ago * STEP, source=source
            )
            writer.append_snapshot(self.data_dir, snapshot)
        self.store.publish(network, snapshot)
        return snapshot

    def issuer(self):
        return NowcastIssuer(RENNES, self.data_dir, [self.models])

    def current(self):
        return read_nowcast(RENNES, current_file(self.data_dir))


@pytest.fixture
def city(trained_city, tmp_path):
    directory = trained_city.trained.directory
    found = City(tmp_path / "data", directory.name)
    shutil.copytree(directory, found.models / directory.name)
    promote(found.models, directory.name)
    return found


def test_a_snapshot_gets_the_next_hour_of_every_segment_and_zone(city):
    snapshot = city.observe()
    city.issuer().run()
    table = city.current()
    assert table.snapshot_version == snapshot.version
    assert table.observed_at == END
    assert table.model_version == city.version
    assert table.network_version == NETWORK.version
    assert table.is_simulated
    assert table.percent.shape == (3, len(LEAD_MINUTES), len(NETWORK))
    known = np.arange(len(NETWORK)) != NEVER_KNOWN
    assert np.all(table.percent[..., NEVER_KNOWN] == UNKNOWN_PERCENT)
    assert np.all(np.diff(table.percent[..., known].astype(int), axis=0) >= 0)
    assert table.percent[..., known].max() < UNKNOWN_PERCENT
    for zone in RENNES.zone_choices:
        leads = table.zone(zone)
        assert [lead.minutes for lead in leads] == list(LEAD_MINUTES)
        assert all(0.0 < lead.p10 <= lead.p50 <= lead.p90 <= 1.0 for lead in leads)
    assert learner_state(city.data_dir) == LearnerState(has_model=True)


def test_each_snapshot_is_forecast_once(city):
    issuer = city.issuer()
    issuer.run()
    assert city.current() is None
    city.observe()
    issuer.run()
    written = current_file(city.data_dir).stat().st_mtime_ns
    issuer.run()
    assert current_file(city.data_dir).stat().st_mtime_ns == written
    later = city.observe(at=END + STEP)
    issuer.run()
    assert city.current().snapshot_version == later.version
    assert len(list(current_file(city.data_dir).parent.glob("source=demo/date=*/*.parquet"))) == 2


def test_an_hour_without_a_known_speed_still_has_a_forecast(city):
    city.observe(status=Status.UNKNOWN)
    city.issuer().run()
    known = np.arange(len(NETWORK)) != NEVER_KNOWN
    assert city.current().percent[..., known].max() < UNKNOWN_PERCENT


def test_an_archive_has_no_next_hour(city):
    city.observe(source="archive")
    city.issuer().run()
    assert city.current() is None


def test_segments_are_found_by_their_ids_on_a_network_that_changed(city):
    ids = [*reversed(NETWORK.segment_ids[6:]), "99999_D"]
    place = [NETWORK.index_of_id[name] for name in ids[:-1]] + [0]
    changed = replace(
        NETWORK,
        version="changed",
        segment_ids=tuple(ids),
        geometry=tuple(NETWORK.geometry[at] for at in place),
        names=NETWORK.names[place],
        road_classes=NETWORK.road_classes[place],
        speed_limit_kmh=NETWORK.speed_limit_kmh[place],
    )
    city.observe()
    city.issuer().run()
    before = city.current()
    city.observe(network=changed)
    city.issuer().run()
    table = city.current()
    assert table.network_version == "changed"
    assert np.all(table.percent[..., -1] == UNKNOWN_PERCENT)
    assert np.all(table.percent[..., :-1] < UNKNOWN_PERCENT)
    np.testing.assert_allclose(
        table.percent[1, :, :-1].astype(int), before.percent[1][:, place[:-1]].astype(int), atol=15
    )


def test_a_network_that_the_model_does_not_know_has_none_and_the_reason_is_told(city, caplog):
    other = make_network(200)
    # Ten thousand further on.
    renamed = tuple(f"2{name}" for name in other.segment_ids)
    city.observe(network=replace(other, version="other", segment_ids=renamed))
    issuer = city.issuer()
    issuer.run()
    assert city.current() is None
    state = learner_state(city.data_dir)
    assert not state.has_model
    assert state.reason == "a model that knows 0% of the segments of network other"
    assert state.reason in caplog.text


def test_without_a_model_nothing_is_issued(tmp_path):
    city = City(tmp_path, "none")
    city.observe()
    city.issuer().run()
    assert city.current() is None
    assert learner_state(tmp_path) == LearnerState(has_model=False, reason="no model")


def test_what_worked_goes_on_when_its_successor_cannot_be_loaded(city, caplog):
    issuer = city.issuer()
    city.observe()
    issuer.run()
    broken = "2026-11-13-abcdef"
    (city.models / broken).mkdir()
    (city.models / broken / "nowcaster.npz").write_bytes(b"cut")
    promote(city.models, broken)
    for count in (1, 2):
        city.observe(at=END + count * STEP)
        with caplog.at_level(logging.ERROR):
            issuer.run()
        assert city.current().observed_at == END + count * STEP
        assert city.current().model_version == city.version
    assert caplog.text.count("cannot be loaded") == 1


def test_a_new_champion_takes_over_at_the_next_snapshot(city):
    first = city.models / city.version
    champion = city.models / "champion"
    champion.unlink()
    issuer = city.issuer()
    city.observe()
    issuer.run()
    assert city.current() is None
    promote(city.models, first.name)
    city.observe(at=END + STEP)
    issuer.run()
    assert city.current().model_version == first.name


def test_bands_learnt_anew_are_used_from_the_next_snapshot_on(city, caplog):
    caplog.set_level(logging.INFO)
    issuer = city.issuer()
    city.observe()
    issuer.run()
    written = city.models / city.version / "nowcaster.npz"
    # As it is written anew: another file of the same name.
    again = written.with_name("new")
    shutil.copy(written, again)
    again.replace(written)
    city.observe(END + STEP)
    issuer.run()
    assert caplog.text.count(f"nowcaster {city.version} loaded") == 2


def test_where_the_average_is_better_it_is_issued_instead(city):
    # The same hours a week ago, free-flowing; now it is heavy.
    keep_network(city.data_dir, NETWORK)
    for minutes in range(0, 120, 3):
        at = END - timedelta(days=7) + timedelta(minutes=minutes)
        free = make_snapshot_for(NETWORK, Status.FREE_FLOW, observed_at=at, source="live")
        writer.append_snapshot(city.data_dir, free)
    keep_up(RENNES, city.data_dir, END, None)
    city.observe(source="live")
    city.issuer().run()
    assert city.current().basis().origin == "initial"
    set_aside(city.models, city.version)
    city.observe(at=END + STEP, source="live")
    city.issuer().run()
    table = city.current()
    assert (table.basis().origin, table.basis().observed_share) == ("average", pytest.approx(1.0))
    # Free flow is at nine tenths of the limit here, within a bin of five percent.
    assert set(table.percent[1, -1].tolist()) <= set(range(85, 96))
    assert table.zone_ratios[1, -1].min() > 0.85
    # A simulation shows what its model says.
    city.observe(at=END + 2 * STEP, source="demo")
    city.issuer().run()
    assert city.current().basis().origin == "initial"
