"""
What works and lets others in is told, and nothing else is.
"""

from pathlib import Path

import pytest

from service.settings.load import load_configuration
from service.settings.paths import make_installation
from service.settings.precautions import warnings_of

TOML = '[sources.lobby]\nurl = "ws://h:1"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that every user of the machine reaches, as pytest's own are not."""
    for each in (tmp_path, *tmp_path.parents):
        if each.stat().st_uid == tmp_path.stat().st_uid and not each.stat().st_mode & 0o001:
            each.chmod(each.stat().st_mode | 0o011)
    return tmp_path


def warnings(folder: Path, **given: object) -> list[str]:
    data = {"CONFCAL_DATA_DIR": str(folder / "data")}
    return list(warnings_of(load_configuration(data | {f"CONFCAL_{k}": str(v) for k, v in given.items()})))


def written(folder: Path, name: str, text: str, mode: int) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def test_without_anything_there_is_nothing_to_warn_of(folder: Path) -> None:
    assert warnings(folder) == []


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o666, 0o602])
def test_a_secret_file_that_everybody_reads_is_told_without_its_content(folder: Path, mode: int) -> None:
    file = written(folder, "token", "a token of the tests", mode)

    (warning,) = warnings(folder, ADMIN_TOKEN_FILE=file)

    assert warning.startswith(f"{file} holds CONFCAL_ADMIN_TOKEN, and every user of this machine can read it")
    assert f"chmod 600 {file}" in warning
    assert "of the tests" not in warning


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_a_secret_file_for_few_is_fine(folder: Path, mode: int) -> None:
    assert warnings(folder, ADMIN_TOKEN_FILE=written(folder, "token", "a token of the tests", mode)) == []


def test_a_file_in_a_folder_that_nobody_else_enters_is_fine(folder: Path) -> None:
    (folder / "closed").mkdir(mode=0o700)

    assert warnings(folder, ADMIN_TOKEN_FILE=written(folder, "closed/t", "a token of the tests", 0o644)) == []


def test_a_toml_file_counts_where_it_holds_secrets(folder: Path) -> None:
    plain = written(folder, "plain.toml", TOML, 0o644)
    secret = written(folder, "secret.toml", TOML + 'pin = "1"\ningest_token = "0123456789abcdef"\n', 0o644)

    assert warnings(folder, CONFIG_FILE=plain) == []
    (warning,) = warnings(folder, CONFIG_FILE=secret)
    names = "CONFCAL_SOURCES__LOBBY__INGEST_TOKEN, CONFCAL_SOURCES__LOBBY__PIN"
    assert warning.startswith(f"{secret} holds {names}, and ")


def test_the_secret_of_the_data_folder_counts(folder: Path) -> None:
    configuration = load_configuration({"CONFCAL_DATA_DIR": str(folder / "data")})
    make_installation(configuration.settings)
    assert warnings(folder) == []

    (folder / "data" / "secret").chmod(0o644)
    # The folder is closed.
    assert warnings(folder) == []
    (folder / "data").chmod(0o755)

    warning, *_ = warnings(folder)
    assert warning.startswith(f"{folder}/data/secret holds CONFCAL_SECRET, and ")


def test_a_data_folder_that_others_share_is_told(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data").chmod(0o1777)

    (warning,) = warnings(folder)

    assert warning.startswith(f"CONFCAL_DATA_DIR: others may look into it ({folder}/data belongs to ")


def test_a_data_folder_is_told_until_the_start_closes_it(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data").chmod(0o755)
    assert "give confcal a folder of its own, mode 0700" in warnings(folder)[0]

    make_installation(load_configuration({"CONFCAL_DATA_DIR": str(folder / "data")}).settings)

    assert warnings(folder) == []


@pytest.mark.parametrize(
    ("networks", "families"),
    [
        ("0.0.0.0/0", "IPv4"),
        ("::/0", "IPv4 and IPv6"),
        ("0.0.0.0/1,128.0.0.0/1", "IPv4"),
        ("::/1,8000::/1", "IPv4 and IPv6"),
        ("0.0.0.0/0,::/0", "IPv4 and IPv6"),
        ("::ffff:0:0/96", "IPv4"),
        ("::ffff:0.0.0.0/97,128.0.0.0/1", "IPv4"),
        ("10.0.0.0/8,0.0.0.0/2,64.0.0.0/2,128.0.0.0/1", "IPv4"),
    ],
)
def test_proxies_that_are_everybody_are_told(folder: Path, networks: str, families: str) -> None:
    (warning,) = warnings(folder, TRUSTED_PROXIES=networks)

    assert warning.startswith(f"CONFCAL_TRUSTED_PROXIES covers every {families} address, ")


@pytest.mark.parametrize("networks", ["", "127.0.0.1/32,10.0.0.0/8", "0.0.0.0/1", "::1/128,fd00::/8"])
def test_proxies_that_are_some_are_fine(folder: Path, networks: str) -> None:
    assert warnings(folder, TRUSTED_PROXIES=networks) == []
