"""By whom do messages leave? The providers of a TOML file, or the one channel that the settings name."""

import importlib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from notifications.outcome import Channel
from services.settings import Settings, SettingsError

KINDS = ("sms_smpp", "sms_http", "email", "voice", "web_push")
"""The kinds of provider that a file may name: modules of notifications/channels."""
SECRET = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def known_channels(settings: Settings) -> dict[str, Channel]:
    """The channels by name. Raises SettingsError (a file that cannot work) or LookupError, with what to write."""
    if settings.providers is None:
        return {settings.channel: _plain(settings.channel)}
    return read_providers(settings.providers, os.environ)


def ways(channels: Mapping[str, Channel]) -> tuple[str, ...]:
    """The channels there are, each once."""
    return tuple(dict.fromkeys(channel.way for channel in channels.values()))


async def close_channels(channels: Mapping[str, Channel]) -> None:
    """Let go of the connections that channels keep between two messages."""
    for channel in channels.values():
        close = getattr(channel, "close", None)
        if close is not None:
            await close()


def read_providers(path: Path, environment: Mapping[str, str]) -> dict[str, Channel]:
    """The providers of a file: tables `[[provider]]`, each with `name`, `kind` and what its kind asks for. `${NAME}` in
    a text is taken from the environment, so that no secret need lie in the file."""
    try:
        tables = tomllib.loads(path.read_text("utf-8")).get("provider", [])
    except (OSError, tomllib.TOMLDecodeError) as unreadable:
        raise SettingsError(f"RELAIS_PROVIDERS: {path} cannot be read: {unreadable}") from None
    if not tables:
        raise SettingsError(f"RELAIS_PROVIDERS: {path} names no [[provider]].")
    made: dict[str, Channel] = {}
    for table in tables:
        one = _provider(dict(table), path, environment)
        if one.name in made:
            raise SettingsError(f"RELAIS_PROVIDERS: two providers are called {one.name!r}.")
        made[one.name] = one
    return made


def _plain(name: str) -> Channel:
    try:
        channel: Channel = importlib.import_module(f"notifications.channels.{name}").Channel()
        return channel
    except (ImportError, AttributeError, TypeError):
        raise LookupError(f"there is no channel {name!r}: RELAIS_CHANNEL may be console or null") from None


def _provider(table: dict[str, Any], path: Path, environment: Mapping[str, str]) -> Channel:
    kind, name = table.pop("kind", None), table.get("name")
    if kind not in KINDS or not name:
        raise SettingsError(f"RELAIS_PROVIDERS: each [[provider]] needs a name, and a kind out of {', '.join(KINDS)}.")
    module = importlib.import_module(f"notifications.channels.{kind}")
    try:
        config = module.Config(**_filled(table, environment))
        channel: Channel = module.Channel(config)
        return channel
    except ValidationError as wrong:
        words = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong.errors())
        raise SettingsError(f"RELAIS_PROVIDERS: provider {name!r}: {words}") from None
    except KeyError as missing:
        raise SettingsError(f"RELAIS_PROVIDERS: provider {name!r} needs {missing} in the environment.") from None


def _filled(value: Any, environment: Mapping[str, str]) -> Any:
    """The value with `${NAME}` replaced. Raises KeyError with the name that is not there."""
    if isinstance(value, str):
        return SECRET.sub(lambda found: environment[found[1]], value)
    if isinstance(value, dict):
        return {key: _filled(one, environment) for key, one in value.items()}
    return [_filled(one, environment) for one in value] if isinstance(value, list) else value
