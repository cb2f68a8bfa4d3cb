"""
What is written beside VEVENTs that go by other rules of the zone than the bundled data has.
"""

from dataclasses import replace

from service.core.conference import Key
from service.core.edits import Policy, edit_of
from service.core.vevent import Rendering
from service.core.vtimezone import render_vtimezone
from service.core.weekly import WeeklyRules
from tests.core.given import SERVER, at, conference, weekly

ZONE = "Europe/Berlin"
POLICY = Policy(default=Rendering(WeeklyRules(ZONE, time="wall")))
KEY = Key(SERVER, "100")
NOW = at("2026-01-01 12:00")


def body_by(policy: Policy) -> str:
    made = edit_of(KEY, conference(schedule=weekly()), None, source="lobby", policy=policy, now=NOW)
    return made.vevents["full-en"].body.decode()


def test_a_series_names_its_zone_beside_others_that_go_by_the_same_rules() -> None:
    fitting = POLICY.fit_to({ZONE: render_vtimezone(ZONE), "America/Vancouver": b"other"})

    assert body_by(fitting) == body_by(POLICY)
    assert f"DTSTART;TZID={ZONE}:" in body_by(POLICY)


def test_a_series_is_written_as_the_instant_beside_others_that_go_by_other_rules() -> None:
    assert "TZID" not in body_by(POLICY.fit_to({ZONE: b"other"}))


def test_other_rules_beside_it_do_not_make_a_series_another_one() -> None:
    fitting = POLICY.fit_to({ZONE: b"other"})

    assert fitting.rendering("lobby") == POLICY.rendering("lobby")
    assert replace(fitting, vtimezones={}) == POLICY
