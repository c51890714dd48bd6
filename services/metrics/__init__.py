"""What every process measures of itself, and reading all of it together.

Metrics are Prometheus', named and given units as it advises. In production each
role shares its files with ``/metrics`` and with the watch role (:mod:`.sharing`);
an application in a test keeps them in memory.
"""

from __future__ import annotations

from services.metrics.camera import CameraMetrics
from services.metrics.requests import measure_requests
from services.metrics.samples import Sample, exposition, heartbeat_of, read_samples
from services.metrics.shared_directory import metric_registry, roles_off, share_metrics
from services.metrics.work import WorkMetrics

__all__ = [
    "CameraMetrics",
    "Sample",
    "WorkMetrics",
    "exposition",
    "heartbeat_of",
    "measure_requests",
    "metric_registry",
    "read_samples",
    "roles_off",
    "share_metrics",
]
