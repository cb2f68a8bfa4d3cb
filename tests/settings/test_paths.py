import asyncio
from pathlib import Path

import pytest

from service.core.errors import SettingsError
from service.settings.load import load_settings
from service.settings.model import Settings
from service.settings.paths import data_dir, database_url, make_installation, public_url, secret_of
from service.store.sql import open_store


def settings_of(**given: object) -> Settings:
    return load_settings({f"CONFCAL_{name.upper()}": str(value) for name, value in given.items()})


def made_secret(folder: Path) -> bytes:
    settings = settings_of(data_dir=folder)
    make_installation(settings)
    return secret_of(settings)


def test_the_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"

    first = made_secret(folder)

    assert len(first) >= 32
    assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    assert made_secret(folder) == first


def test_the_folders_above_it_that_are_made_too_are_closed_as_well(tmp_path: Path) -> None:
    made_secret(tmp_path / "confcal" / "demo")

    assert (tmp_path / "confcal").stat().st_mode & 0o777 == 0o700


def test_two_installations_have_different_secrets(tmp_path: Path) -> None:
    secrets = {made_secret(tmp_path / name) for name in "ab"}

    assert len(secrets) == 2


def test_a_secret_of_the_settings_is_used_and_none_is_made(tmp_path: Path) -> None:
    settings = settings_of(data_dir=tmp_path / "data", secret="0123456789abcdef")

    assert secret_of(settings) == b"0123456789abcdef"
    assert not (tmp_path / "data").exists()
    make_installation(settings)
    assert list((tmp_path / "data").iterdir()) == []


def test_where_all_is_elsewhere_no_data_folder_is_made(tmp_path: Path) -> None:
    make_installation(
        settings_of(
            data_dir=tmp_path / "data", secret="0123456789abcdef", database_url="postgresql://db/confcal"
        )
    )

    assert not (tmp_path / "data").exists()


def test_a_missing_secret_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        secret_of(settings_of(data_dir=tmp_path / "data"))

    assert str(refused.value) == (
        f"There is no secret in {tmp_path}/data/secret: is CONFCAL_DATA_DIR the daemon's?"
    )
    assert not (tmp_path / "data").exists()


def test_a_relative_data_folder_is_refused() -> None:
    for folder in ("data", "./data", "~/data", ""):
        with pytest.raises(SettingsError, match="CONFCAL_DATA_DIR: it is relative, so each command would"):
            settings_of(data_dir=folder)


def test_without_a_home_the_data_folder_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # A home that leads nowhere is what a user without one has.
    monkeypatch.setenv("HOME", "nowhere")
    settings = settings_of()

    with pytest.raises(SettingsError, match=r"CONFCAL_DATA_DIR is missing, .*: set CONFCAL_DATA_DIR"):
        make_installation(settings)
    assert settings.data_dir is None


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
        make_installation(settings_of(data_dir=tmp_path / "file" / "data"))


def test_the_database_is_a_file_in_the_data_folder_unless_it_is_set(tmp_path: Path) -> None:
    elsewhere = settings_of(data_dir=tmp_path, database_url="postgresql://db/confcal")

    assert database_url(settings_of(data_dir=tmp_path)) == f"sqlite:///{tmp_path}/confcal.db"
    assert database_url(elsewhere) == "postgresql://db/confcal"


@pytest.mark.parametrize("url", ["sqlite:///confcal.db", "sqlite:///data/confcal.db?timeout=3"])
def test_a_relative_database_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="CONFCAL_DATABASE_URL: it names a relative file"):
        database_url(settings_of(database_url=url))


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
    make_installation(settings_of(data_dir=tmp_path / "data"))

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert data_dir(settings_of(data_dir=tmp_path / "data")) == tmp_path / "data"


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o777, 0o2775])
def test_a_data_folder_that_was_made_otherwise_is_closed_to_others(tmp_path: Path, mode: int) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(mode)

    make_installation(settings_of(data_dir=tmp_path / "data"))

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_share_keeps_its_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared, home = tmp_path / "shared", tmp_path / "home"
    for folder, mode in ((shared, 0o1777), (home, 0o755)):
        folder.mkdir()
        folder.chmod(mode)
    monkeypatch.setenv("HOME", str(home))

    for folder, mode in ((shared, 0o1777), (home, 0o755)):
        make_installation(settings_of(data_dir=folder))

        assert folder.stat().st_mode & 0o7777 == mode


@pytest.mark.parametrize("name", ["a?b", "a%20b", "a#b", "a b"])
def test_the_database_is_in_the_folder_whatever_its_name(tmp_path: Path, name: str) -> None:
    async def opened() -> None:
        settings = settings_of(data_dir=tmp_path / name)
        make_installation(settings)
        store = await open_store(database_url(settings), migrate=True)
        await store.close()

    asyncio.run(opened())

    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "confcal.db").exists()
