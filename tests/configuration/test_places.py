import asyncio
from pathlib import Path

import pytest

from service.configuration.environment import load_settings
from service.configuration.places import data_dir, database_url, public_url, secret_of
from service.core.errors import SettingsError
from service.settings import Settings
from service.store.open import open_store


def settings_of(**given: object) -> Settings:
    return load_settings({f"CONFCAL_{name.upper()}": str(value) for name, value in given.items()})


def test_the_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"

    first = secret_of(settings_of(data_dir=folder))

    assert len(first) >= 32
    assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    assert secret_of(settings_of(data_dir=folder)) == first


def test_two_installations_have_different_secrets(tmp_path: Path) -> None:
    secrets = {secret_of(settings_of(data_dir=tmp_path / name)) for name in "ab"}

    assert len(secrets) == 2


def test_a_secret_of_the_settings_is_used_and_none_is_made(tmp_path: Path) -> None:
    settings = settings_of(data_dir=tmp_path / "data", secret="0123456789abcdef")

    assert secret_of(settings) == b"0123456789abcdef"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("content", [b"", b"short\n", b"   \n"])
def test_a_damaged_secret_is_refused_rather_than_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)

    with pytest.raises(SettingsError, match=r"secret is damaged; restore it, or delete it"):
        secret_of(settings_of(data_dir=tmp_path))

    assert (tmp_path / "secret").read_bytes() == content


def test_a_secret_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff" * 32)

    with pytest.raises(SettingsError, match=r"CONFCAL_SECRET: .*secret cannot be used"):
        secret_of(settings_of(data_dir=tmp_path))


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match=r"CONFCAL_DATA_DIR: .* cannot be made .*; name a writable"):
        data_dir(settings_of(data_dir=tmp_path / "file" / "data"))


def test_the_database_is_a_file_in_the_data_folder_unless_it_is_set(tmp_path: Path) -> None:
    elsewhere = settings_of(data_dir=tmp_path, database_url="postgresql://db/confcal")

    assert database_url(settings_of(data_dir=tmp_path)) == f"sqlite:///{tmp_path}/confcal.db"
    assert database_url(elsewhere) == "postgresql://db/confcal"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:81"),
        ("10.0.0.7", "http://10.0.0.7:81"),
        ("calendars.lan", "http://calendars.lan:81"),
        ("0.0.0.0", "http://127.0.0.1:81"),
        ("::", "http://127.0.0.1:81"),
        ("::1", "http://[::1]:81"),
        ("*", "http://127.0.0.1:81"),
        ("", "http://127.0.0.1:81"),
        ("[::1], 10.0.0.7", "http://[::1]:81"),
    ],
)
def test_feeds_are_handed_out_under_the_address_listened_on(host: str, url: str) -> None:
    assert public_url(settings_of(host=host), 81) == url


def test_feeds_are_handed_out_under_the_public_address_where_it_is_set() -> None:
    settings = settings_of(public_url="https://example.com/calendars/", host="0.0.0.0")

    assert public_url(settings, 81) == "https://example.com/calendars"


def test_a_data_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = data_dir(settings_of(data_dir=tmp_path / "data"))

    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_data_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o750)

    assert data_dir(settings_of(data_dir=tmp_path / "data")).stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("name", ["a?b", "a%20b", "a#b", "a b"])
def test_the_database_is_in_the_folder_whatever_its_name(tmp_path: Path, name: str) -> None:
    async def opened() -> None:
        store = await open_store(database_url(settings_of(data_dir=tmp_path / name)), migrate=True)
        await store.close()

    asyncio.run(opened())

    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "confcal.db").exists()
