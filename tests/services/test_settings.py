"""Is a setting that cannot work refused with words of action?"""

from pathlib import Path

import pytest

from services.settings import Settings, SettingsError, read_settings


def test_nothing_needs_to_be_set() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8016, Path("var"))
    assert settings.database == "sqlite:///var/relais.db"
    assert settings.keyring == "sqlite:///var/keyring.db"
    assert settings.base_url == "http://127.0.0.1:8016"


def test_what_is_given_wins_over_the_environment() -> None:
    environment = {"RELAIS_PORT": "9000", "RELAIS_DATA_DIR": "/data", "RELAIS_CHANNEL": "null"}
    settings = read_settings(environment, port=9001, data_dir=None)
    assert (settings.port, settings.data_dir, settings.channel) == (9001, Path("/data"), "null")


def test_an_empty_variable_is_not_a_setting() -> None:
    assert read_settings({"RELAIS_DATABASE_URL": "", "RELAIS_PORT": ""}).database_url is None


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", "::", "relais.example", "10.0.0.1", "8.8.8.8", " "])
def test_an_address_others_can_reach_is_refused_with_the_one_to_use(host: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"RELAIS_HOST": host})
    assert "use 127.0.0.1 instead of" in str(refused.value)
    assert repr(host) in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_very_machine_is_fine(host: str) -> None:
    assert read_settings({"RELAIS_HOST": host}).host == host


@pytest.mark.parametrize("port", ["web", "80.5", "", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused_with_the_range(port: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({}, port=port)
    assert "between 1 and 65535" in str(refused.value)


@pytest.mark.parametrize("key", ["0ff0", "x" * 64, "00ff" * 16 + "0"])
def test_a_master_key_that_is_none_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"RELAIS_MASTER_KEY": key})
    assert "64 hexadecimal digits" in str(refused.value)
    assert key not in str(refused.value)


@pytest.mark.parametrize("name", ["RELAIS_DATABASE_URL", "RELAIS_KEYRING_URL"])
def test_a_database_we_cannot_speak_to_is_refused_by_name_without_its_password(name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({name: "postgres://relais:secret@db/relais"})
    assert name in str(refused.value)
    assert "postgresql+asyncpg://" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_links_lead_to_the_public_address() -> None:
    assert Settings(public_url="https://relais.example/").base_url == "https://relais.example"


def test_the_master_key_is_not_shown() -> None:
    assert "00ff" not in repr(read_settings({"RELAIS_MASTER_KEY": "00ff" * 16}))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("RELAIS_STREAM_MAX_BYTES", "12"), ("RELAIS_STREAM_REPLICAS", "0"), ("RELAIS_KEEP_REQUESTS_DAYS", "a year")],
)
def test_a_number_that_cannot_work_is_refused_by_name(name: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: wrong})
    assert read_settings({"RELAIS_KEEP_REQUESTS_DAYS": "30"}).keep_requests_days == 30
