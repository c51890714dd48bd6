"""The object storage: a handful of requests, each bounded in time, every failure one sentence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from services.base.errors import StorageError
from services.base.files import write_atomically
from services.base.settings import Settings
from services.base.storage_address import StorageAddress, parse_storage_address

CONNECT_TIMEOUT_SECONDS: Final = 5.0
# How long no byte may come; each request is tried twice.
SILENCE_SECONDS: Final = 10.0
ATTEMPTS: Final = 2
# What a head may have: those of a history of years have some tens of kilobytes.
_MAX_CHANGING_BYTES: Final = 4_000_000
_MAX_REASON: Final = 300
# What is another one each time, and what repeats which object it was.
_NOT_TOLD: Final = re.compile(r"\s*\(Request ID: [^)]*\)|^When .*?: (?=AWS Error)")


class ObjectMissing(StorageError):
    """There is no object of that name, or no such bucket."""


class Listed(NamedTuple):
    """An object as a listing tells it: bytes, and when the storage says that it was written."""

    size: int
    written_ns: int


class Bucket:
    """One prefix of an object storage. Safe to share between threads.

    pyarrow's part for S3 is loaded here and nowhere else, so that only those pay for it who use it.

    Parameters
    ----------
    key, secret : str, optional
        Without them those of the environment hold, as AWS spells them.
    """

    def __init__(
        self, address: StorageAddress, key: str | None = None, secret: str | None = None
    ) -> None:
        from pyarrow import fs  # noqa: PLC0415 - see above

        self.address = address
        self._secrets = tuple(filter(None, (key, secret)))
        self._selector = fs.FileSelector
        self._is_file = fs.FileType.File
        self._directory = Path(address.path) if address.kind == "file" else None
        self._files: Any
        if self._directory is not None:
            self._files = fs.LocalFileSystem()
            return
        self._files = fs.S3FileSystem(
            access_key=key,
            secret_key=secret,
            request_timeout=SILENCE_SECONDS,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
            # A small object is one PUT, sent when it is whole.
            allow_delayed_open=True,
            background_writes=False,
            **address.options,
        )

    def get(self, name: str, size: int | None = None) -> bytes:
        """The content of an object.

        Parameters
        ----------
        size : int, optional
            Which it has to have; one of another size is not read.

        Raises
        ------
        ObjectMissing
        StorageError
        """
        with self._failures(f"read {name}"), self._files.open_input_file(self._path(name)) as file:
            found: int = file.size()
            if size is not None and found != size:
                raise StorageError(f"{name} has {found} bytes instead of {size}")
            content: bytes = file.read()
        if len(content) != found:
            raise StorageError(f"{name} was cut: {len(content)} of {found} bytes came")
        return content

    def get_if_changed(self, name: str, tag: str | None) -> tuple[str, bytes] | None:
        """The tag and content of an object; None where the tag is the one known: one HEAD then.

        Raises
        ------
        ObjectMissing
        StorageError
        """
        with self._failures(f"read {name}"), self._files.open_input_file(self._path(name)) as file:
            found = (file.metadata() or {}).get("ETag") or (file.metadata() or {}).get(b"ETag")
            if found is not None and _text(found) == tag:
                return None
            if file.size() > _MAX_CHANGING_BYTES:
                raise StorageError(f"{name} of {self.address} is too large: {file.size()} bytes")
            content: bytes = file.read()
        # A directory has no tags.
        new = _text(found) if found else hashlib.blake2b(content, digest_size=16).hexdigest()
        return None if new == tag else (new, content)

    def put(self, name: str, content: bytes) -> None:
        """Write an object, or replace it, at once.

        Raises
        ------
        StorageError
        """
        if self._directory is not None:
            write_atomically(self._directory / name, content)
            return
        with (
            self._failures(f"write {name}"),
            self._files.open_output_stream(self._path(name)) as stream,
        ):
            stream.write(content)

    def listed(self, prefix: str) -> dict[str, Listed]:
        """Every object below a prefix.

        Raises
        ------
        StorageError
        """
        base = self._path(prefix)
        selector = self._selector(base, recursive=True, allow_not_found=True)
        with self._failures(f"list {prefix}"):
            found = self._files.get_file_info(selector)
        start = len(self.address.path) + 1
        return {
            info.path[start:]: Listed(info.size, info.mtime_ns)
            for info in found
            if info.type == self._is_file
        }

    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is no failure.

        Raises
        ------
        StorageError
        """
        try:
            with self._failures(f"remove {name}"):
                self._files.delete_file(self._path(name))
        except ObjectMissing:
            return

    def written_ns(self, name: str) -> int:
        """When the storage says that an object was written.

        Raises
        ------
        ObjectMissing
        StorageError
        """
        with self._failures(f"read {name}"):
            info = self._files.get_file_info(self._path(name))
        if info.type != self._is_file:
            raise ObjectMissing(f"there is no {name}")
        written: int = info.mtime_ns
        return written

    def _path(self, name: str) -> str:
        return f"{self.address.path}/{name}"

    @contextmanager
    def _failures(self, doing: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise ObjectMissing(f"cannot {doing} of {self.address}: there is none") from None
        except OSError as error:
            # Of a chain of exceptions a traceback would show every one, and so what they hold.
            raise StorageError(f"cannot {doing} of {self.address}: {self._told(error)}") from None

    def _told(self, error: OSError) -> str:
        text = _NOT_TOLD.sub("", " ".join(str(error).split()))
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text[:_MAX_REASON]


def open_bucket(settings: Settings) -> Bucket | None:
    """The bucket that the settings name; None where they name none. Nothing is asked of it yet.

    Raises
    ------
    StorageError
        When it cannot be made ready.
    """
    if settings.storage_url is None:
        return None
    address = parse_storage_address(settings.storage_url)
    key, secret = (
        None if one is None else one.get_secret_value()
        for one in (settings.storage_key, settings.storage_secret)
    )
    try:
        return Bucket(address, key, secret)
    except (OSError, ValueError) as error:
        raise StorageError(f"{address} cannot be used: {type(error).__name__}") from None


def _text(tag: bytes | str) -> str:
    return tag.decode("ascii", "replace") if isinstance(tag, bytes) else tag
