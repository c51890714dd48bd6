from __future__ import annotations

import pytest

from services.base.errors import ConfigurationError
from services.base.settings import load_settings
from services.base.storage_address import parse_storage_address


def test_an_address_says_bucket_prefix_and_where_it_is():
    found = parse_storage_address(
        "s3://bucket/pre/fix/?endpoint_override=127.0.0.1:9000&scheme=http&region=eu-west-1"
    )
    assert (found.kind, found.path) == ("s3", "bucket/pre/fix")
    assert found.options == {
        "endpoint_override": "127.0.0.1:9000",
        "scheme": "http",
        "region": "eu-west-1",
    }
    assert parse_storage_address("s3://bucket").path == "bucket"
    assert parse_storage_address("file:///srv/shared%20one/").path == "/srv/shared one"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://AKIASECRET:hunter22@bucket/x", "TRAFFIC_STORAGE_KEY and TRAFFIC_STORAGE_SECRET"),
        ("s3://AKIASECRET@bucket/x", "must hold no key"),
        ("s3://bucket/x?access_key=hunter22", "unknown option"),
        ("s3://bucket/x?hunter22", "must be s3://BUCKET/PREFIX"),
        ("s3:///x", "names no bucket"),
        ("s3://bucket:9000/x", "names no bucket"),
        ("s3://bucket/../hunter22", "without '..'"),
        ("s3://bucket/x?scheme=hunter22", "http or https"),
        ("s3://bucket/x?endpoint_override=AKIASECRET:hunter22@host:9000", "must hold no key"),
        ("s3://bucket/x?endpoint_override=http://host:9000", "must be HOST or HOST:PORT"),
        ("s3://bucket/x?endpoint_override=host:hunter22", "must be HOST or HOST:PORT"),
        ("s3://bucket/x?endpoint_override=host:70000", "must be HOST or HOST:PORT"),
        ("s3://bucket/x%00y", "without what is not printed"),
        ("file://hunter22/x", "must be s3://BUCKET/PREFIX"),
        ("file:///", "must be s3://BUCKET/PREFIX"),
        ("https://hunter22.example/bucket", "must be s3://BUCKET/PREFIX"),
        ("s3://[hunter22", "must be s3://BUCKET/PREFIX"),
    ],
)
def test_what_is_no_address_ends_the_start_without_repeating_a_secret(url, told):
    with pytest.raises(ConfigurationError) as error:
        load_settings(storage_url=url)
    line = str(error.value)
    assert line.startswith("TRAFFIC_STORAGE_URL: ")
    assert told in line
    assert "hunter22" not in line
    assert "AKIASECRET" not in line
    assert "\n" not in line


def test_a_key_needs_its_secret():
    with pytest.raises(ConfigurationError, match="TRAFFIC_STORAGE_SECRET need each other"):
        load_settings(storage_url="s3://bucket", storage_key="k")
