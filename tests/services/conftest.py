from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from services.metrics.shared_directory import metric_registry
from services.traffic.network import Network
from tests.factories import make_network


@pytest.fixture
def network() -> Network:
    return make_network()


@pytest.fixture
def registry() -> CollectorRegistry:
    return metric_registry()
