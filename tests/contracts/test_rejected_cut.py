"""
Rejected input as a page lists it: without all that arrived.
"""

from service.core.rejected import to_rejected_frame
from service.publishing.ports import Database
from tests.contracts.given import NOON


async def test_a_reader_takes_as_much_of_what_arrived_as_it_wants(store: Database) -> None:
    frame = to_rejected_frame(
        "lobby", "", field="frame", reason="no JSON", raw=b"\x00broken\xff" * 100, at=NOON
    )
    await store.record_rejected([frame], keep=10, since=NOON)

    (without,) = await store.load_rejected(most_raw=0)
    (some,) = await store.load_rejected(most_raw=7)
    (whole,) = await store.load_rejected()

    assert (without.raw, some.raw, whole.raw) == (b"", b"\x00broken", frame.raw)
    assert (without.reason, without.number) == (whole.reason, whole.number)
