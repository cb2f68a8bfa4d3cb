"""
`confcal notify test`: whether messages arrive, and why not.
"""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.commands.conftest import Confcal
from tests.listening import serving_http


class Receiver(BaseHTTPRequestHandler):
    """Takes webhooks."""

    received: list[dict[str, Any]]
    status = 200

    def do_POST(self) -> None:
        self.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def receiver(status: int = 200) -> type[Receiver]:
    class Fresh(Receiver):
        received: list[dict[str, Any]] = []  # noqa: RUF012 - one for each test

    Fresh.status = status
    return Fresh


def test_a_test_message_arrives(confcal: Confcal, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = receiver()
    with serving_http(handler) as port:
        monkeypatch.setenv("CONFCAL_NOTIFY__OPS__URL", f"json://127.0.0.1:{port}/hook")
        monkeypatch.setenv("CONFCAL_PUBLIC_URL", "https://calendars.example.com")
        done = confcal("notify", "test", "OPS")

    assert (done.code, done.text) == (0, "Sent. Look whether it arrived at ops.\n")
    (message,) = handler.received
    assert message["title"] == "confcal: a test"
    assert message["message"].endswith("https://calendars.example.com/")


def test_the_reason_of_the_service_is_printed_without_the_password(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_http(receiver(403)) as port:
        monkeypatch.setenv("CONFCAL_NOTIFY__OPS__URL", f"json://anna:hunter2@127.0.0.1:{port}/hook")
        done = confcal("notify", "test", "ops")

    assert done.code == 1
    assert "403" in done.err
    assert done.err.endswith(
        "JSON did not take the message; correct CONFCAL_NOTIFY__OPS__URL, or see whether its service works\n"
    )
    assert "hunter2" not in done.text + done.err


@pytest.mark.parametrize(
    ("name", "hint"), [("opps", "did you mean ops?"), ("zzz", "CONFCAL_NOTIFY__<NAME>__URL makes one")]
)
def test_a_channel_that_is_not_set_is_named_with_the_nearest(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch, name: str, hint: str
) -> None:
    monkeypatch.setenv("CONFCAL_NOTIFY__OPS__URL", "json://127.0.0.1/hook")

    done = confcal("notify", "test", name)

    assert done.code == 1
    assert f"no channel is named {name}" in done.err
    assert hint in done.err


def test_an_address_that_apprise_does_not_know_is_refused_by_its_setting(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFCAL_NOTIFY__OPS__URL", "telegrm://hunter2")

    done = confcal("notify", "test", "ops")

    assert done.code == 2
    assert "CONFCAL_NOTIFY__OPS__URL: Apprise does not know such an address (telegrm://...)" in done.err
    assert "hunter2" not in done.err
