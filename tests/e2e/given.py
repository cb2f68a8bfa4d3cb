"""
Conferences as TrueConf sends them, around a day in the future.
"""

from datetime import UTC, datetime
from typing import Any

Raw = dict[str, Any]

MONDAY = datetime(2031, 6, 2, 7, tzinfo=UTC)
"""A Monday, 10:00 in Moscow."""

MONDAY_AND_THURSDAY = [0, 1, 0, 0, 1, 0, 0]


def once(id_: str = "100", topic: str = "Обзор бюджета: план, факт; прогноз", **rest: Any) -> Raw:
    schedule = {"start_time": int(MONDAY.timestamp()), "duration": 3600}
    return _conference(id_, topic, "once", schedule) | rest


def weekly(id_: str = "200", topic: str = "Планёрка", **rest: Any) -> Raw:
    schedule = {"start_time": int(MONDAY.timestamp()), "duration": 2700, "days": MONDAY_AND_THURSDAY}
    return _conference(id_, topic, "week", schedule) | rest


def lasting_room(id_: str = "300") -> Raw:
    conference = _conference(id_, "Переговорная", "none", {})
    del conference["schedule"]
    return conference


def many(count: int) -> tuple[Raw, ...]:
    """Return conferences that tell much about many people."""
    people = [{"id": f"person{n}@video.example.com", "display_name": f"Участник {n}"} for n in range(60)]
    return tuple(once(f"{n}", f"Совещание {n}", invitations=people) for n in range(count))


def _conference(id_: str, topic: str, kind: str, schedule: Raw) -> Raw:
    return {
        "id": id_,
        "created_at": int(datetime(2026, 1, 15, 9, tzinfo=UTC).timestamp()),
        "session_id": "",
        "mode": "PxP",
        "owner": "ivanov@video.example.com",
        "topic": topic,
        "state": "stopped",
        "access": "private",
        "invitations": [{"id": "brown@video.example.com", "display_name": "Elle Brown"}],
        "schedule_type": kind,
        "schedule": schedule,
    }
