"""
The address that `confcal healthcheck` asks is that of the settings, where it is read without them.
"""

from pathlib import Path

import pytest

from service.settings.load import load_settings
from service.settings.own_address import guess_own_address

SOURCES = '[sources.lobby]\nurl = "ws://10.0.0.15:8765"\n'


@pytest.mark.parametrize(
    ("file", "environ"),
    [
        ("", {}),
        ("port = 9000\n", {}),
        ('HOST = "0.0.0.0"\nport = "9000"\n', {}),
        ("# port = 7000\nport = 9000\n\n", {"CONFCAL_PORT": "9001"}),
        ('host = "::1"\n', {"confcal_port": "9001"}),
    ],
)
def test_it_is_what_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, environ: dict[str, str]
) -> None:
    path = tmp_path / "confcal.toml"
    path.write_text(file + SOURCES)
    for name, value in {**environ, "CONFCAL_CONFIG_FILE": str(path)}.items():
        monkeypatch.setenv(name, value)

    settings = load_settings()

    assert guess_own_address() == (settings.host, settings.port)


@pytest.mark.parametrize("file", ["port = \n", "port = 0\n", "port = 'x'\n", "text = '''\n[sources]\n'''\n"])
def test_what_only_the_settings_can_judge_is_left_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    path = tmp_path / "confcal.toml"
    monkeypatch.setenv("CONFCAL_CONFIG_FILE", str(path))
    assert guess_own_address() is None, "there is no such file"

    path.write_text(file)

    assert guess_own_address() is None
