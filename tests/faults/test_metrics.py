"""Files of metrics that are damaged or left behind, to a message received."""

from __future__ import annotations

from services.metrics.camera import CameraMetrics
from services.metrics.shared_directory import metric_registry, metrics_directory, share_metrics
from tests.faults.duty import Duty, fired, over


def test_one_unreadable_file_blinds_no_rule_and_is_told(duty, settings, webhook):
    damaged = metrics_directory(settings.data_dir) / "web" / "counter_99998.db"
    damaged.write_bytes(b"")
    duty.pass_time(60)
    assert webhook.titles == [fired("File of metrics that cannot be read")]
    assert "web/counter_99998.db" in webhook.told[0]["message"]
    # Every other rule goes on: so much as a worker that falls silent.
    states = {state.rule.name: state.state for state in duty.watch._watcher.states()}
    assert states["worker-silent"] == "normal"
    damaged.unlink()
    duty.pass_time(60)
    assert webhook.titles[1:] == [over("File of metrics that cannot be read")]


def test_a_camera_that_was_switched_off_is_no_silent_one(duty, settings, webhook):
    share_metrics(settings.data_dir, "camera")
    CameraMetrics(metric_registry()).alive(duty.now)
    share_metrics(settings.data_dir, "web")
    duty.pass_time(180)
    assert webhook.titles == [fired("Camera silent: age of its last sign of life")]
    without = Duty(settings.model_copy(update={"camera": False}))
    without.pass_time(180)
    assert webhook.titles[1:] == [over("Camera silent: age of its last sign of life")]
