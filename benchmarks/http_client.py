"""A plain HTTP client that counts every byte, and what Chromium sends for a Dash callback."""

from __future__ import annotations

import gzip
import json
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

from benchmarks.rows import NotMeasured

HOST: Final = "127.0.0.1"
_UPDATE_PATH: Final = "/_dash-update-component"
_TIMEOUT_SECONDS: Final = 30.0
_CHUNK_BYTES: Final = 65_536
_CONFIGURATION: Final = re.compile(rb'<script id="_dash-config"[^>]*>(.*?)</script>')
_CONTENT_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_IS_GZIPPED: Final = re.compile(rb"\r\ncontent-encoding: *gzip", re.IGNORECASE)
_USER_AGENT: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
# Over plain http Chromium takes br and zstd from its own machine only.
_BROWSER_HEADERS: Final = (
    "Connection: keep-alive",
    f"User-Agent: {_USER_AGENT}",
    "Accept-Encoding: gzip, deflate",
    "Accept-Language: fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7",
)


@dataclass(frozen=True)
class Answer:
    """A response as it came over the wire; ``head`` ends with its empty line."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.head.split(b" ", 2)[1])

    @property
    def wire_bytes(self) -> int:
        """Status line, headers and body."""
        return len(self.head) + len(self.body)

    def content(self) -> bytes:
        """The body, no longer compressed."""
        return gzip.decompress(self.body) if _IS_GZIPPED.search(self.head) else self.body

    def json(self) -> Any:
        """What the body means."""
        return json.loads(self.content())


class Connection:
    """One connection, kept open from one request to the next."""

    def __init__(self, port: int, timeout_s: float = _TIMEOUT_SECONDS) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Connection:
        """Ready to send."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self._socket.close()

    def exchange(self, request: bytes) -> Answer:
        """Send a request and read its whole response.

        Raises
        ------
        OSError
            When the connection fails, or ends before the response does.
        """
        self._socket.sendall(request)
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            self._receive(received)
        head = bytes(received[: end + 4])
        length = _CONTENT_LENGTH.search(head)
        if length is None:
            raise ConnectionError("a response without its length")
        size = len(head) + int(length[1])
        while len(received) < size:
            self._receive(received)
        return Answer(head, bytes(received[len(head) : size]))

    def _receive(self, received: bytearray) -> None:
        chunk = self._socket.recv(_CHUNK_BYTES)
        if not chunk:
            raise ConnectionError("the connection was closed within a response")
        received += chunk


def get_request(port: int, path: str) -> bytes:
    """The bytes of a GET, with a browser's headers."""
    return _head("GET", port, path, ["Accept: */*"])


def post_request(port: int, path: str, body: bytes) -> bytes:
    """The bytes of a POST as Dash's script sends it from the page."""
    headers = [
        f"Content-Length: {len(body)}",
        "Accept: application/json",
        "Content-Type: application/json",
        f"Origin: http://{HOST}:{port}",
        f"Referer: http://{HOST}:{port}/",
    ]
    return _head("POST", port, path, headers) + body


@dataclass(frozen=True)
class Callback:
    """A callback of a Dash application, found by one of its inputs, asked as a browser asks it.

    Attributes
    ----------
    path : str
        Where it is asked, with the token that every page is given.
    dependency : mapping
        Its inputs, states and outputs, as Dash lists them.
    """

    port: int
    path: str
    dependency: Mapping[str, Any]

    def body(self, changed: str, values: Mapping[str, Any]) -> bytes:
        """What Dash's script would send.

        Parameters
        ----------
        changed : str
            The input that fires, as ``id.property``.
        values : mapping
            Values by ``id.property``; what is missing is undefined on the page.
        """
        output = self.dependency["output"]
        is_several = output.startswith("..")
        outputs = [_place(name) for name in output.strip(".").split("...")]
        content = {
            "output": output,
            "outputs": outputs if is_several else outputs[0],
            "inputs": _with_values(self.dependency["inputs"], values),
            "changedPropIds": [changed],
            "parsedChangedPropsIds": [changed],
        }
        if self.dependency["state"]:
            content["state"] = _with_values(self.dependency["state"], values)
        return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()

    def request(self, changed: str, values: Mapping[str, Any]) -> bytes:
        """The whole request."""
        return post_request(self.port, self.path, self.body(changed, values))


def find_callback(port: int, input_name: str) -> Callback:
    """The server's callback that an input fires.

    Parameters
    ----------
    input_name : str
        ``id.property``.

    Raises
    ------
    NotMeasured
        When the application has none.
    """
    with Connection(port) as connection:
        path = _update_path(connection.exchange(get_request(port, "/")))
        dependencies = connection.exchange(get_request(port, "/_dash-dependencies")).json()
    for dependency in dependencies:
        names = {f"{item['id']}.{item['property']}" for item in dependency["inputs"]}
        if input_name in names and not dependency["clientside_function"]:
            return Callback(port, path, dependency)
    raise NotMeasured(f"no callback of the server has the input {input_name}")


def _update_path(page: Answer) -> str:
    configuration = _CONFIGURATION.search(page.content())
    token = json.loads(configuration[1]).get("end_id") if configuration else None
    return f"{_UPDATE_PATH}?endId={token}" if token else _UPDATE_PATH


def _head(method: str, port: int, path: str, headers: Sequence[str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}:{port}", *_BROWSER_HEADERS, *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _place(name: str) -> dict[str, str]:
    id_, _, property_ = name.rpartition(".")
    return {"id": id_, "property": property_}


def _with_values(
    items: Sequence[Mapping[str, Any]], values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = []
    for item in items:
        place = {"id": item["id"], "property": item["property"]}
        name = f"{item['id']}.{item['property']}"
        result.append(place | ({"value": values[name]} if name in values else {}))
    return result
