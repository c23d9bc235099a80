"""What can be set from outside? Read once, at start, from the environment and the command line."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any


class SettingsError(ValueError):
    """A setting that cannot work; the text says what to write instead."""


@dataclass(frozen=True)
class Settings:
    """Everything that may differ between two installations.

    `database_url` and `nats_url` None = the embedded SQLite file and nats-server under `data_dir`.
    `providers`: a TOML file with the providers messages leave by (docs/messages.md); without it, `channel` alone.
    `keep_messages_days`: text and number of a message go so long after its end; the proof of each attempt stays.
    `sms_budget_a_day`: segments, after which reminders and bulk wait for the next day (None = no limit).
    `alarm_command`: a program that is given each alarm of the watchdog on its standard input (mail, pager, …).
    `stream_max_bytes` None = no limit, or one that suits the disk where the nats-server is embedded.
    `speed` and `start` belong to demonstrations: one real second is `speed` seconds, from `start`.
    """

    data_dir: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = 8016
    public_url: str = ""
    database_url: str | None = None
    keyring_url: str | None = None
    nats_url: str | None = None
    speed: float = 1.0
    start: datetime | None = None
    seed_demonstration: bool = True
    demonstration: bool = True
    channel: str = "console"
    providers: Path | None = None
    alarm_command: str | None = None
    stream_max_bytes: int | None = None
    stream_replicas: int = 1
    keep_requests_days: int = 365
    keep_messages_days: int = 7
    sms_budget_a_day: int | None = None
    master_key: str | None = field(default=None, repr=False)

    @property
    def base_url(self) -> str:
        """Where links lead: RELAIS_PUBLIC_URL, else the address of this very process. No slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'relais.db'}"

    @property
    def keyring(self) -> str:
        """The keys are kept apart, so that a backup of the data alone can be made unreadable."""
        return self.keyring_url or f"sqlite:///{self.data_dir / 'keyring.db'}"


NAMES = {
    "RELAIS_DATA_DIR": "data_dir",
    "RELAIS_HOST": "host",
    "RELAIS_PORT": "port",
    "RELAIS_PUBLIC_URL": "public_url",
    "RELAIS_DATABASE_URL": "database_url",
    "RELAIS_KEYRING_URL": "keyring_url",
    "RELAIS_NATS_URL": "nats_url",
    "RELAIS_CHANNEL": "channel",
    "RELAIS_PROVIDERS": "providers",
    "RELAIS_ALARM_COMMAND": "alarm_command",
    "RELAIS_MASTER_KEY": "master_key",
    "RELAIS_STREAM_MAX_BYTES": "stream_max_bytes",
    "RELAIS_STREAM_REPLICAS": "stream_replicas",
    "RELAIS_KEEP_REQUESTS_DAYS": "keep_requests_days",
    "RELAIS_KEEP_MESSAGES_DAYS": "keep_messages_days",
    "RELAIS_SMS_BUDGET_A_DAY": "sms_budget_a_day",
}
NUMBERS = {
    "stream_max_bytes": (1024, 2**50),
    "stream_replicas": (1, 5),
    "keep_requests_days": (1, 36500),
    "keep_messages_days": (1, 365),
    "sms_budget_a_day": (1, 10_000_000),
}
"""Settings that are whole numbers, with the least and the most that make sense."""


def read_settings(environment: Mapping[str, str] = os.environ, **given: Any) -> Settings:
    """The settings of this process: what was `given` (None = not given) wins over the environment.

    Raises SettingsError with words of action for a port or a master key that is none, or an address not of loopback.
    """
    values: dict[str, Any] = {field: environment[name] for name, field in NAMES.items() if environment.get(name)}
    values |= {field: value for field, value in given.items() if value is not None}
    port = str(values.get("port", Settings.port))
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise SettingsError(f"RELAIS_PORT must be a number between 1 and 65535, not {port!r}.")
    values["port"] = int(port)
    if not re.fullmatch(r"([0-9a-fA-F]{64})?", values.get("master_key", "")):
        raise SettingsError("RELAIS_MASTER_KEY must be 64 hexadecimal digits: `openssl rand -hex 32` makes one.")
    values |= {name: _number(name, values[name]) for name in NUMBERS if name in values}
    values["data_dir"] = Path(values.get("data_dir", Settings.data_dir))
    if "providers" in values:
        values["providers"] = Path(values["providers"])
    settings = Settings(**values)
    refuse_open_address(settings.host)
    for name, url in (
        ("RELAIS_DATABASE_URL", settings.database_url),
        ("RELAIS_KEYRING_URL", settings.keyring_url),
    ):
        if url and not url.startswith(("postgresql+asyncpg://", "sqlite:///")):
            raise SettingsError(f"{name} must begin with postgresql+asyncpg:// or sqlite:///.")
    return settings


def _number(name: str, given: object) -> int:
    least, most = NUMBERS[name]
    if not re.fullmatch(r"[0-9]{1,16}", str(given)) or not least <= int(str(given)) <= most:
        outside = next(one for one, field in NAMES.items() if field == name)
        raise SettingsError(f"{outside} must be a whole number from {least} to {most}, not {given!r}.")
    return int(str(given))


def refuse_open_address(host: str) -> None:
    """Loopback only: the demonstration accounts have no password, so nobody else may reach them."""
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingsError(
            f"Relais listens on this machine only until real sign-in exists: use 127.0.0.1 instead of {host!r}."
        )
