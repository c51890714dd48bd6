"""The address of an object storage, as an operator writes it: where, and never by which key.

s3://BUCKET/PREFIX?endpoint_override=HOST:PORT&scheme=http&region=NAME
file:///DIRECTORY

It is spelled as ``pyarrow.fs.FileSystem.from_uri`` spells it, of whose options it takes these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

OPTIONS: Final = frozenset({"endpoint_override", "scheme", "region", "tls_ca_file_path"})
_SPELLING: Final = "s3://BUCKET/PREFIX, or file:///DIRECTORY"


@dataclass(frozen=True)
class StorageAddress:
    """Where objects are kept.

    Attributes
    ----------
    kind : str
        ``s3`` or ``file``.
    path : str
        Bucket and prefix, or a directory; without a slash at its end.
    options : mapping
        Some of :data:`OPTIONS`; of a directory none.
    """

    kind: str
    path: str
    options: Mapping[str, str]

    def __str__(self) -> str:
        """For the journal."""
        endpoint = self.options.get("endpoint_override")
        return f"{self.kind}://{self.path}" + (f" at {endpoint}" if endpoint else "")


def parse_storage_address(text: str) -> StorageAddress:
    """Read an address.

    Raises
    ------
    ValueError
        In words that repeat nothing of what may be a secret.
    """
    try:
        parts = urlsplit(text)
        pairs = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
    except ValueError:
        raise ValueError(f"must be {_SPELLING}") from None
    # Of the options the endpoint alone is told to people.
    if "@" in parts.netloc + dict(pairs).get("endpoint_override", ""):
        raise ValueError(
            "must hold no key: TRAFFIC_STORAGE_KEY and TRAFFIC_STORAGE_SECRET do, or the "
            "environment's AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    options = dict(pairs)
    if parts.scheme == "s3":
        _check_bucket(parts.netloc, options)
        path = f"{parts.netloc}/{unquote(parts.path).strip('/')}".rstrip("/")
    elif parts.scheme == "file" and not parts.netloc and parts.path.strip("/") and not options:
        path = unquote(parts.path).rstrip("/")
    else:
        raise ValueError(f"must be {_SPELLING}")
    if ".." in path.split("/") or not path.isprintable():
        raise ValueError(f"must be {_SPELLING}, without '..' and without what is not printed")
    return StorageAddress(parts.scheme, path, options)


def _check_bucket(bucket: str, options: Mapping[str, str]) -> None:
    if not bucket or ":" in bucket:
        raise ValueError("names no bucket: s3://BUCKET/PREFIX?endpoint_override=HOST:PORT")
    if options.keys() - OPTIONS:
        # Their names too may be anything: a key that was pasted there.
        raise ValueError(f"has an unknown option; known are {', '.join(sorted(OPTIONS))}")
    if not _is_endpoint(options.get("endpoint_override", "host")):
        raise ValueError("its endpoint_override must be HOST or HOST:PORT")
    if options.get("scheme", "https") not in {"http", "https"}:
        raise ValueError("its scheme must be http or https")


def _is_endpoint(text: str) -> bool:
    try:
        parts = urlsplit(f"//{text}")
        is_place = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_place and parts.netloc == text and text.isprintable() and " " not in text
