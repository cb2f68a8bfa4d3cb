"""
The page about the events of the log is what the source logs.
"""

import json
import re
from datetime import timedelta

from structlog.testing import capture_logs

from service.app.list_log import log_list
from tests.core.given import NOW, conference, listed, once, weekly
from tests.core.story import Story
from tests.docs.log_events import PAGE, ROOT, find_events, render
from tests.docs.log_meanings import MEANINGS


def test_the_page_is_the_one_that_make_docs_writes() -> None:
    assert PAGE.read_text("utf-8") == render()


def test_each_event_has_a_meaning_and_each_meaning_an_event() -> None:
    assert {event.name for event in find_events()} == MEANINGS.keys()


def test_each_meaning_is_one_or_two_sentences_with_a_full_stop() -> None:
    form = re.compile(r"(?:[A-Z]|systemd)[^|]*\.")
    assert [name for name, text in MEANINGS.items() if not form.fullmatch(text)] == []


def test_every_event_that_docs_and_examples_name_exists() -> None:
    known = MEANINGS.keys()
    families = {name.partition(".")[0] for name in known}
    named = {
        (path.name, event)
        for path in [*ROOT.glob("docs/**/*.md"), ROOT / "README.md"]
        if path != PAGE
        for event in re.findall(r"`([a-z]+\.[a-z]+_[a-z_]+)`", path.read_text("utf-8"))
        if event.partition(".")[0] in families
    }

    assert {(page, event) for page, event in named if event not in known} == set()


def test_an_accepted_list_is_one_wide_event() -> None:
    story = Story()
    other = conference("2", schedule=once("2026-12-20 09:00"))
    story.records(listed(conference("1", schedule=weekly()), other, at=NOW))
    second = listed(conference("1", "Another topic", schedule=weekly()), at=NOW + timedelta(minutes=5))

    with capture_logs() as logs:
        log_list(second, story.records(second))

    (wide,) = [each for each in logs if each["event"] == "sync.list_accepted"]
    assert (wide["conferences"], wide["edited"], wide["unchanged"], wide["removed"]) == (1, 1, 0, 0)
    assert (wide["weekly"], wide["single"], wide["unscheduled"]) == (1, 0, 0)
    assert wide["held"] is False
    assert json.dumps(wide)
