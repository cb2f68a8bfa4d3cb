import json
import time

import pytest

from service.core.rejected import without_secrets


@pytest.mark.parametrize(
    "frame",
    [
        '{"method":"auth","token":"hush","tokenForHttpServer":"hush","result":true}',
        '{"credentials":"hush"}',
        '{"pin" : "hush"}',
        '{"newPin":"hush","pinCode":"hush","conference_pin":"hush"}',
        '{"access_token":"hush","PASSWORD":"hush","client-secret":"hush"}',
        '{"token":"a \\"quoted\\" hush"}',
        '{"token":["hush"],"x":1}',
        '{"credentials":{"user":"u","word":"hush"},"x":1}',
        '{"token":"hush',
        '{"token":"hush\\',
        '{"token":hush}',
        '{"token":\n"hush"}',
        '{"token":"line\nhush"}',
        '{"pwd":"hush","apiKey":"hush","authorization":"Bearer hush"}',
        '{"realTimeConferenceManagmentUrl":"http://10.0.0.1:8888/tools/real-time?k=hush&some-other-info"}',
        '{"link":"trueconf:a@b.c%23vcs&h=b.c&login=user&password=hush&encrypt=1"}',
        '{"link":"trueconf:a\\u0026password=hush"}',
        '{"joinUrl":"https://b.c/c/1?token=hush',
        '{"link":"http://a/?pwd=a\\/hush"}',
    ],
)
def test_no_secret_is_recorded_whatever_the_frame_looks_like(frame: str) -> None:
    assert b"hush" not in without_secrets(frame.encode())


def test_a_number_as_pin_is_a_secret_too() -> None:
    assert without_secrets(b'{"pin":123456,"id":"7"}') == b'{"pin":"***","id":"7"}'


@pytest.mark.parametrize(
    "frame",
    [
        '{"topic":"token","id":"7"}',
        '{"joinUrl":"https://b.c/c/1?lang=ru&week=3","topic":"k=1"}',
        '{"topic":"say \\"pin\\": \\"1234\\""}',
        '{"mapping":{"shipping":"on"},"topic":"Pin: 1"}',
    ],
)
def test_everything_else_is_recorded_as_it_is(frame: str) -> None:
    assert without_secrets(frame.encode()) == frame.encode()


def test_what_is_left_of_a_frame_is_json_still() -> None:
    frame = b'{"token":"x","credentials":{"a":"b"},"pin":[1,2],"result":true}'

    clean = json.loads(without_secrets(frame))

    assert clean == {"token": "***", "credentials": "***", "pin": "***", "result": True}


def test_a_hostile_frame_does_not_hold_the_daemon_up() -> None:
    started = time.process_time()
    without_secrets(b'"' + b"token" * 200_000)
    without_secrets(b"?k=&" * 300_000 + b"?k=" + b"\\" * 500_000)
    without_secrets(b'"' * 500_000 + b'"pin":"' + b"\\" * 500_000)

    assert time.process_time() - started < 5
