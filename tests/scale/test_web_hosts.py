"""Web hosts behind nginx under load: one is killed, one joins, and no page misses a refresh.

They have nothing in common but S3 and PostgreSQL.
"""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import requests
from urllib3.exceptions import ProtocolError

from components.page import NEWS_STORE_ID, REFRESH_ID, SHOWN_STORE_ID
from services.base.clock import utc_now
from services.traffic.status import Status
from tests.factories import make_network, make_snapshot_for
from tests.nginx import running_nginx
from tests.ports import HOST
from tests.scale.web_hosts import running_town
from tests.waiting import wait_until

pytestmark = pytest.mark.scale

PAGES = 8
# Of processes that import much, on a busy machine.
START_SECONDS = 180.0
CALL = {
    "output": f"{NEWS_STORE_ID}.data",
    "outputs": {"id": NEWS_STORE_ID, "property": "data"},
    "inputs": [{"id": REFRESH_ID, "property": "n_intervals", "value": 1}],
    "changedPropIds": [f"{REFRESH_ID}.n_intervals"],
}


class Page(threading.Thread):
    """An open page that is refreshed without a pause, by the cache or by its callback."""

    def __init__(self, url: str, stopping: threading.Event, *, by_cache: bool) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._stopping = stopping
        self._by_cache = by_cache
        self._session = requests.Session()
        self.shown: list[dict] = []
        self.refreshes = 0
        self.failed: list[str] = []

    def run(self) -> None:
        while not self._stopping.wait(0.005):
            try:
                snapshot = self._from_cache() if self._by_cache else self._from_callback()
            except (requests.RequestException, AssertionError) as error:
                self.failed.append(str(error))
            else:
                self.refreshes += 1
                self._show(snapshot)

    def _show(self, snapshot: dict | None) -> None:
        """As ``assets/refresh.js`` does: a host that is behind changes nothing."""
        if snapshot and not (self.shown and snapshot["observed_at"] < self._newest["observed_at"]):
            self.shown.append(snapshot)

    @property
    def _newest(self) -> dict:
        return self.shown[-1] if self.shown else {"version": None, "observed_at": 0}

    def _from_cache(self) -> dict | None:
        current = self._get("/live/current")["snapshot"]
        # As ``assets/shared_refresh.js`` asks.
        if current["version"] == self._newest["version"]:
            return None
        if current["observed_at"] < self._newest["observed_at"]:
            return None
        return self._get(f"/live/{current['document']}")

    def _from_callback(self) -> dict | None:
        shown = {
            "id": SHOWN_STORE_ID,
            "property": "data",
            "value": {"snapshot": self._newest["version"]},
        }
        answer = self._ask("POST", "/_dash-update-component", json=CALL | {"state": [shown]})
        assert answer.status_code == 200, f"a refresh: {answer.status_code}"
        return answer.json()["response"][NEWS_STORE_ID]["data"].get("snapshot")

    def _get(self, path: str) -> dict:
        answer = self._ask("GET", path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.json()

    def _ask(self, method: str, path: str, **body: object) -> requests.Response:
        """As a browser does, once more on a new connection where the old one was just closed.

        nginx closes those at rest as it reloads: what is sent in that moment has no answer.
        """
        try:
            return self._session.request(method, self._url + path, timeout=10, **body)
        except requests.ConnectionError as error:
            if not was_closed_unanswered(error):
                raise
        return self._session.request(method, self._url + path, timeout=10, **body)


def was_closed_unanswered(error: requests.ConnectionError) -> bool:
    [cause, *_] = error.args
    return isinstance(cause, ProtocolError) and isinstance(cause.args[-1], ConnectionError)


def test_no_refresh_fails_while_a_host_is_killed_and_another_joins(tmp_path, postgres):
    network, stopping = make_network(), threading.Event()
    began = utc_now().replace(microsecond=0) - timedelta(minutes=10)
    published = []
    with running_town(tmp_path, postgres) as town:

        def publish() -> None:
            """A snapshot, which reaches each host in its own time."""
            at = began + timedelta(seconds=len(published))
            status = list(Status)[len(published) % 3]
            published.append(make_snapshot_for(network, status, observed_at=at))
            town.store.publish(network, published[-1])

        publish()
        first, second = town.join("web-1"), town.join("web-2")
        wait_until(lambda: first.is_ready() and second.is_ready(), START_SECONDS)
        with running_nginx(tmp_path / "nginx", [first.port, second.port]) as nginx:
            url = f"http://{HOST}:{nginx.port}"
            pages = [Page(url, stopping, by_cache=number % 2 == 0) for number in range(PAGES)]
            for page in pages:
                page.start()

            def show_newest() -> None:
                publish()
                newest = int(published[-1].observed_at.timestamp())
                wait_until(
                    lambda: all(p.shown and p.shown[-1]["observed_at"] == newest for p in pages)
                )

            show_newest()
            first.kill()
            show_newest()

            third = town.join("web-3")
            wait_until(third.is_ready, START_SECONDS)
            before = third.answered()
            nginx.reload([second.port, third.port])
            wait_until(lambda: third.answered() > before + 20)
            second.kill()
            show_newest()
            stopping.set()
            for page in pages:
                page.join()

    assert [page.failed for page in pages] == [[]] * PAGES
    assert all(page.refreshes > 20 for page in pages)
    for page in pages:
        times = [snapshot["observed_at"] for snapshot in page.shown]
        assert times == sorted(times)


def test_visitors_cost_the_cache_and_operators_stay_on_one_host(tmp_path, postgres):
    network = make_network()
    with running_town(tmp_path, postgres) as town:
        town.store.publish(network, make_snapshot_for(network))
        hosts = [town.join(name) for name in ("web-1", "web-2")]
        wait_until(lambda: all(host.is_ready() for host in hosts), START_SECONDS)
        with running_nginx(tmp_path / "nginx", [host.port for host in hosts]) as nginx:
            url = f"http://{HOST}:{nginx.port}"

            def answered() -> list[int]:
                return [host.answered() for host in hosts]

            def asked_of_hosts(path: str, times: int, **options: object) -> list[int]:
                before = answered()
                for _ in range(times):
                    requests.get(url + path, timeout=10, **options)
                return [now - then - 1 for now, then in zip(answered(), before, strict=True)]

            current = requests.get(f"{url}/live/current", timeout=10).json()
            document = f"/live/{current['snapshot']['document']}"
            assert sum(asked_of_hosts(document, 50)) <= 1
            # However many cookies and languages there are.
            cookies = {"language": "en", "operator_session": "x"}
            answer = requests.get(url + document, cookies=cookies, timeout=10)
            assert "Set-Cookie" not in answer.headers
            assert sum(asked_of_hosts(document, 50, cookies=cookies)) == 0
            assert sum(asked_of_hosts("/live/current", 50)) <= 2
            # Pages are made for each visitor, by all hosts; those of operators by one.
            assert min(asked_of_hosts("/confidentialite", 30)) > 0
            assert min(asked_of_hosts("/connexion", 30)) == 0
            assert min(asked_of_hosts("/confidentialite", 30, cookies=cookies)) == 0
            # What is told to the watch of a host is told to nobody outside.
            assert requests.get(f"{url}/metrics", timeout=10).status_code == 404
            while hosts:
                hosts.pop().kill()
            wait_until(lambda: requests.get(url, timeout=10).status_code == 503)
            away = requests.get(url, timeout=10)
            assert "Le site ne répond pas" in away.text
            assert away.headers["Refresh"] == "10"
    # Lines would hold visitors' addresses, and nginx's own file wants some.
    assert (tmp_path / "nginx" / "access.log").read_text() == ""
