from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.base.settings import load_settings
from services.replication import bucket as bucket_module
from services.replication.bucket import Bucket, open_bucket
from tests.object_storage import ObjectStorage

KEY, SECRET = "key-of-tests", "secret-of-tests"


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStorage]:
    server = ObjectStorage()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def storage(server: ObjectStorage) -> ObjectStorage:
    """Empty, and well."""
    server.wipe()
    server.asked.clear()
    return server


@pytest.fixture
def bucket(storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setattr(bucket_module, "SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(bucket_module, "ATTEMPTS", 1)
    settings = load_settings(storage_url=storage.url, storage_key=KEY, storage_secret=SECRET)
    found = open_bucket(settings)
    assert found is not None
    return found
