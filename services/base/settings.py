"""The settings: environment or ``.env``, prefix ``TRAFFIC_``, checked once at start."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.base.errors import ConfigurationError
from services.base.storage_address import parse_storage_address

PREFIX = "TRAFFIC_"

Role = Literal["web", "worker", "learner", "watch", "camera", "trends", "mirror"]
"""What a process is for."""
HostRole = Literal["web", "worker", "learner", "watch", "camera", "trends"]
"""Those that a host is given; the mirror goes with them."""

OPENSTREETMAP_TILES_URL = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"


# Least length, and least guesses as a power of ten, where others can reach it. Passwords are
# guessed here, slowed down; a key elsewhere, with a cookie to try it on, a billion times a second.
_MIN_STRENGTH: Final = {"secret_key": (32, 18), "dashboard_password": (12, 10)}
_TEXTS: Final = Path(__file__).with_name("texts")
_LARGEST_PORT: Final = 65_535
# The feed is 3 to 5 minutes behind at best, so ten minutes are late; a feed
# asked less often is late after three of its periods.
_LATE_AFTER_SECONDS: Final = 600
_LATE_AFTER_PERIODS: Final = 3
# zxcvbn looks at no more, and takes long for long texts.
_MAX_MEASURED: Final = 72


class Settings(BaseSettings):
    """Everything an operator can set; the README documents each one."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    # None: the city's own.
    feed_url: HttpUrl | None = None
    # None: the city's own, where the feed is the city's too. Empty: none are asked for.
    roadworks_url: str | None = None
    source: Literal["auto", "live", "demo"] = "auto"
    feed_period_seconds: int = Field(180, ge=1, le=86_400)
    refresh_seconds: int = Field(60, ge=1, le=3_600)
    data_dir: Path = Path("data")
    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(8050, ge=1, le=_LARGEST_PORT)
    debug: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    dashboard_username: str = Field("admin", min_length=1, max_length=64)
    dashboard_password: SecretStr | None = Field(None, min_length=8)
    # Flask-MonitoringDashboard's own levels; "off" leaves /dashboard/ out altogether.
    monitor_level: Literal["off", "0", "1", "2", "3"] = "3"
    secret_key: SecretStr | None = Field(None, min_length=16)
    # Empty: no backdrop. OpenStreetMap's tiles allow light use with attribution.
    tiles_url: str = OPENSTREETMAP_TILES_URL
    # Of this host, in incidents; its watch is then its own.
    host_name: str = Field("", pattern=r"^[A-Za-z0-9._-]*$", max_length=32)
    # Of this host. The learner is the worker's companion where it is not named by itself.
    roles: Annotated[frozenset[HostRole], NoDecode] = frozenset(
        {"web", "worker", "watch", "camera", "trends"}
    )
    web_processes: int = Field(2, ge=1, le=64)
    # Whether the worker runs its companion, which has TensorFlow and forecasts the next hour, or
    # another host does.
    learner: bool | Literal["elsewhere"] = True
    # Whether a process looks at street pictures; it has TensorFlow once somebody hands one in.
    camera: bool = True
    # A Keras model of one's own (FILE.keras, FILE.json beside it); None: the champion.
    camera_model: Path | None = None
    # Where the camera's process listens and is found; None: a socket in the data directory.
    camera_url: str | None = None
    # What both sides of that connection have to know.
    camera_token: SecretStr | None = Field(None, min_length=16)
    # Whether a process answers questions to the archive; its children have DuckDB.
    trends: bool = True
    # How long a question may take, and how much memory on top of what its process has.
    trends_seconds: float = Field(20.0, ge=1, le=600)
    trends_memory_mb: int = Field(512, ge=64, le=65_536)
    # Daily traffic by segment or stretch, a line each; None: no vehicle is counted.
    counts_file: Path | None = None
    # What an hour of a vehicle is worth, and who says so: told beside the sum.
    vehicle_hour_euros: float | None = Field(None, gt=0, le=1_000)
    vehicle_hour_source: str = Field("", max_length=200)
    # Where set, /metrics asks for it: "Authorization: Bearer TOKEN".
    metrics_token: SecretStr | None = Field(None, min_length=16)
    # A year with a margin, to compare a day with the same one a year ago.
    history_retention_days: int = Field(400, ge=1, le=36_500)
    # The rules of the watch role; None: those that came with the code.
    alerts_file: Path | None = None
    # The rules on the traffic, and the reports by mail; None: the files that came with the code, in
    # which there are none.
    rules_file: Path | None = None
    reports_file: Path | None = None
    # Who is told of incidents: addresses as Apprise spells them, with spaces between. Secrets.
    notify_urls: SecretStr | None = None
    notify_language: str = "fr"
    # Where people find the pages; in messages.
    public_url: HttpUrl | None = None
    # Where the watch asks whether pages are served; None: host and port on this machine.
    web_url: HttpUrl | None = None
    # How many days the journal and the measures of /dashboard/ are kept.
    journal_retention_days: int = Field(180, ge=1, le=3_650)
    monitoring_retention_days: int = Field(56, ge=1, le=3_650)
    # Whom visitors may ask about their data: an e-mail or web address, shown to everybody.
    contact: str = Field("", max_length=200)
    # How many proxies in front tell the visitor's address and protocol (X-Forwarded-…).
    trusted_proxies: int = Field(0, ge=0, le=5)
    # Whether a cache in front answers the refreshes of many pages (deploy/nginx/).
    shared_cache: bool = False
    # None: a SQLite file in the data directory. It may hold a password.
    database_url: SecretStr | None = None
    # Of the measures of /dashboard/, where several hosts serve; None: SQLite in the data directory.
    monitoring_database_url: SecretStr | None = None
    # Object storage through which machines share the data directory; None: they share none.
    storage_url: str | None = None
    # Without these what AWS's own variables say holds.
    storage_key: SecretStr | None = None
    storage_secret: SecretStr | None = None
    # Where long computations over days go; None: this process.
    dask_scheduler: str | None = None

    @property
    def address(self) -> str:
        """Where the web role listens."""
        return host_and_port(self.host, self.port)

    @property
    def url(self) -> str:
        """Where the pages are found on this machine."""
        host = "localhost" if _is_any(self.host) else self.host
        return f"http://{host_and_port(host, self.port)}"

    @property
    def late_after_seconds(self) -> int:
        """Age from which what was observed is not of now any more."""
        return max(_LATE_AFTER_SECONDS, _LATE_AFTER_PERIODS * self.feed_period_seconds)

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("host", mode="before")
    @classmethod
    def _without_brackets(cls, value: object) -> object:
        # As addresses of the web have it, and as some write it here.
        return value.strip("[]") if isinstance(value, str) else value

    @field_validator("roles", mode="before")
    @classmethod
    def _names_of_roles(cls, value: object) -> object:
        names = value.replace(",", " ").split() if isinstance(value, str) else value
        if not isinstance(names, Collection) or not names or set(names) - set(get_args(HostRole)):
            raise ValueError(f"some of {', '.join(get_args(HostRole))}, with commas between")
        return frozenset(names)

    @field_validator("notify_language")
    @classmethod
    def _language_with_texts(cls, value: str) -> str:
        known = sorted(path.stem for path in _TEXTS.glob("*.toml"))
        if value not in known:
            raise ValueError(f"one of {', '.join(known)}")
        return value

    @field_validator("tiles_url")
    @classmethod
    def _tile_template(cls, value: str) -> str:
        has_placeholders = all(part in value for part in ("{z}", "{x}", "{y}"))
        if value and not (value.startswith(("https://", "http://")) and has_placeholders):
            raise ValueError("must be an http(s) address with {z}, {x} and {y}, or 'none'")
        return value

    @field_validator("roadworks_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must be an http(s) address, or 'none'")
        return value

    @field_validator("camera_url")
    @classmethod
    def _host_with_port(cls, value: str | None) -> str | None:
        if value is not None and not _is_address(value, "tcp"):
            raise ValueError("must be tcp://HOST:PORT")
        return value

    @model_validator(mode="after")
    def _token_with_address(self) -> Self:
        if self.camera_url is not None and self.camera_token is None:
            raise ValueError(
                f"{PREFIX}CAMERA_URL needs {PREFIX}CAMERA_TOKEN, the same on all hosts"
            )
        return self

    @field_validator("dask_scheduler")
    @classmethod
    def _address_and_no_more(cls, value: str | None) -> str | None:
        # It is written into the journal: nothing secret fits in.
        if value is not None and not _is_address(value, "tcp", "tls"):
            raise ValueError("must be tcp://HOST:PORT or tls://HOST:PORT, and nothing else")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _check_database_url(value.get_secret_value())
        return value

    @field_validator("monitoring_database_url")
    @classmethod
    def _known_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _check_database_url(value.get_secret_value(), servers_only=True)
        return value

    @field_validator("storage_url")
    @classmethod
    def _known_storage(cls, value: str | None) -> str | None:
        if value is not None:
            parse_storage_address(value)
        return value

    @model_validator(mode="after")
    def _key_with_secret(self) -> Self:
        if (self.storage_key is None) != (self.storage_secret is None):
            raise ValueError(f"{PREFIX}STORAGE_KEY and {PREFIX}STORAGE_SECRET need each other")
        return self

    @model_validator(mode="after")
    def _rate_with_source(self) -> Self:
        if (self.vehicle_hour_euros is None) != (not self.vehicle_hour_source):
            raise ValueError(
                f"{PREFIX}VEHICLE_HOUR_EUROS and {PREFIX}VEHICLE_HOUR_SOURCE need each other"
            )
        return self

    @model_validator(mode="after")
    def _strong_secrets_for_others(self) -> Self:
        # What is not set is made at random, of 100 bits and more.
        if is_loopback(self.host) and not self.trusted_proxies:
            return self
        for name, (characters, power) in _MIN_STRENGTH.items():
            secret: SecretStr | None = getattr(self, name)
            if secret is not None and _is_weak(secret.get_secret_value(), characters, power):
                raise ValueError(
                    f"{PREFIX}{name.upper()} is too weak for others to reach it (TRAFFIC_HOST is "
                    f"{self.host}, TRAFFIC_TRUSTED_PROXIES {self.trusted_proxies}): at least "
                    f"{characters} characters that are not guessed from words, rows and "
                    "repetitions; or leave it out, and a random one is made"
                )
        return self

    @field_validator("tiles_url", "roadworks_url", mode="before")
    @classmethod
    def _none_means_not_asked(cls, value: object) -> object:
        return "" if isinstance(value, str) and value.lower() == "none" else value


def load_settings(**overrides: object) -> Settings:
    """Read and check the settings.

    Parameters
    ----------
    **overrides
        Values that win over the environment (tests, command-line options).

    Raises
    ------
    ConfigurationError
        In one line that names each wrong setting and what is expected.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ConfigurationError(_one_line(error)) from None


def host_and_port(host: str, port: int) -> str:
    """Both as an address of the web has them (RFC 3986, 3.2.2).

    >>> host_and_port("localhost", 80), host_and_port("::1", 80)
    ('localhost:80', '[::1]:80')
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_address(text: str, *schemes: str) -> bool:
    try:
        address = urlsplit(text)
        host, port = address.hostname, address.port
    except ValueError:
        return False
    if not host or not port or not _is_one_word(text):
        return False
    # Nothing but the two.
    stated = {f"{scheme}://{host_and_port(host, port)}" for scheme in schemes}
    return text.lower().rstrip("/") in stated


def _is_one_word(text: str) -> bool:
    """Whether nothing in it parts words or lines, or is not to be seen."""
    return text.isprintable() and " " not in text


def is_loopback(host: str) -> bool:
    """Whether a name or an address, without brackets, is of the machine itself."""
    address = _address_of(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _is_any(host: str) -> bool:
    """Whether it stands for every address that the machine has."""
    address = _address_of(host)
    return address is not None and address.is_unspecified


def _address_of(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_weak(secret: str, min_characters: int, min_power: int) -> bool:
    if len(secret) < min_characters:
        return True
    # A fifth of a second, for those alone who set a secret and are reached by others.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    return float(zxcvbn(secret[:_MAX_MEASURED])["guesses_log10"]) < min_power


def _check_database_url(address: str, *, servers_only: bool = False) -> None:
    # Half of what it takes to import the settings, which every role waits for.
    from sqlalchemy.engine import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError  # noqa: PLC0415

    known = {"postgresql": "postgresql://…"}
    if not servers_only:
        known["sqlite"] = "sqlite:///FILE"
    expected = f"must be {' or '.join(reversed(known.values()))}"
    try:
        url = make_url(address)
    # Where the port is no number, a password perhaps, it is a ValueError that repeats it.
    except (ArgumentError, ValueError):
        raise ValueError(expected) from None
    if url.get_backend_name() not in known:
        raise ValueError(expected)
    try:
        # Finds out whether the driver is installed.
        url.get_dialect().import_dbapi()
    except ModuleNotFoundError as error:
        raise ValueError(f"needs a package that is not installed: {error.name}") from None
    except NoSuchModuleError:
        raise ValueError(expected) from None
    # People are told where it is: nothing of a password may be taken for that.
    where = f"{url.host}{url.database}" if url.get_backend_name() == "postgresql" else ""
    if "@" in where or not address.isprintable():
        raise ValueError(f"{expected}; in a name or password @ is written %40, / %2F, : %3A")
    if url.port is not None and not 0 < url.port <= _LARGEST_PORT:
        raise ValueError(f"its port must be from 1 to {_LARGEST_PORT}")
    if url.get_backend_name() == "postgresql" and url.query:
        _check_connection_options(dict(url.query))
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise ValueError("SQLite must be in a file, which several processes share")


def _check_connection_options(options: dict[str, Any]) -> None:
    """Those that Python code alone can hand to the driver would fail at the first use."""
    from psycopg import ProgrammingError  # noqa: PLC0415
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415

    try:
        make_conninfo(**options)
    # Its words repeat the option, which may be half a password.
    except (ProgrammingError, TypeError):
        raise ValueError("its options after ? must be libpq's") from None


def _setting_of(place: tuple[int | str, ...]) -> str:
    return f"{PREFIX}{'_'.join(map(str, place)).upper()}: " if place else ""


def _one_line(error: ValidationError) -> str:
    # The value itself stays out of the message: it may be a secret.
    problems = [
        f"{_setting_of(item['loc'])}{item['msg'].removeprefix('Value error, ')}"
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return "; ".join(problems)
