import json

import pytest

from service.trueconf.documents import documents

ONE, TWO = b'{"event":"conferenceList","cnt":0}', b'{"event":"conferenceList","cnt":1}'
LAID_OUT = json.dumps({"event": "conferenceList", "days": [0, 1]}, indent=1).encode()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (ONE, [(0, ONE)]),
        (LAID_OUT, [(0, LAID_OUT)]),
        (ONE + b"\n" + TWO, [(1, ONE), (2, TWO)]),
        (ONE + b"\r\n\r\n" + TWO + b"\n", [(1, ONE), (3, TWO)]),
        (b'{"cut off":\n' + ONE + b"\n" + TWO, [(1, b'{"cut off":'), (2, ONE), (3, TWO)]),
        (ONE + b"\nno JSON", [(1, ONE), (2, b"no JSON")]),
        (LAID_OUT[:-1], [(0, LAID_OUT[:-1])]),
        (b"\xef\xbb\xbf" + ONE + b"\n" + TWO, [(1, ONE), (2, TWO)]),
        ((ONE + b"\n" + TWO).decode().encode("utf-16"), [(1, ONE), (2, TWO)]),
        (b"[1,\n2]", [(0, b"[1,\n2]")]),
        (b"", [(0, b"")]),
    ],
)
def test_a_file_is_one_document_or_one_a_line(data: bytes, found: list[tuple[int, bytes]]) -> None:
    assert list(documents(data)) == found
