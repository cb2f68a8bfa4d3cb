"""
The list of a simulated endpoint: its content, how it changes, and the variants it is sent in.

A conference here is a variant A object as TrueConf documents it (notifications/conferenceList), with `days`
in the weekdays of the organization's zone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Final, Literal

Raw = dict[str, Any]
Variant = Literal["A", "B", "iso"]
DaysBasis = Literal["local", "utc"]

_DAY: Final = timedelta(days=1)
_WORKING_DAYS: Final = (0, 1, 1, 1, 1, 1, 0)
_MONDAY_AND_THURSDAY: Final = (0, 1, 0, 0, 1, 0, 0)
_MONDAY: Final = (0, 1, 0, 0, 0, 0, 0)
_TYPES: Final = {"none": -1, "once": 1, "week": 0}
_PEOPLE: Final = (
    ("ivanov", "Иван Иванов"),
    ("petrova", "Анна Петрова"),
    ("brown", "Elle Brown"),
    ("smith", "Joe Smith"),
    ("garcia", "Lucía García"),
)
_NEW_TOPICS: Final = (
    "Интервью с кандидатом",
    "Incident review",
    "Демонстрация заказчику",
    "Design critique",
    "Обучение: новая система заявок",
)


def demo_list(now: datetime, *, seed: int, domain: str, zone: tzinfo) -> list[Raw]:
    """
    Return eight conferences around `now`: four to come, three weekly, and one room without a schedule.

    The same arguments give the same list.
    """
    today = now.astimezone(zone).date()

    def at(days: int, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(today + days * _DAY, time(hour, minute), zone)

    def on(flags: Sequence[int], hour: int, minute: int) -> datetime:
        return next(day for day in (at(days, hour, minute) for days in range(7)) if _is_flagged(flags, day))

    def conference(number: int, topic: str, times: _Times | None = None, **rest: str) -> Raw:
        return _conference(number, topic, _World(now, seed, domain), times, **rest)

    def weekly(flags: Sequence[int], hour: int, minute: int, minutes: int) -> _Times:
        return _Times(on(flags, hour, minute), minutes, flags)

    return [
        conference(1, "Планёрка отдела продаж", weekly(_MONDAY_AND_THURSDAY, 10, 0, 45)),
        conference(2, "Daily stand-up", weekly(_WORKING_DAYS, 9, 45, 15), name="daily_standup"),
        # Half past midnight in Moscow is still Sunday in UTC: the case that shifts a weekly meeting by a day.
        conference(
            3, "Ночные работы: обновление серверов", weekly(_MONDAY, 0, 30, 120), name="night_ops", mode="S|L"
        ),
        conference(4, "Обзор бюджета: план, факт; прогноз", _Times(at(1 + seed % 2, 14), 90), mode="S|L"),
        conference(5, "Product webinar", _Times(at(2, 17), 60), mode="OxP", access="public"),
        conference(6, "Собрание акционеров", _Times(at(9, 11, 30), 180), mode="S|L"),
        conference(7, "Architecture review", _Times(at(3 + seed % 3, 16), 60)),
        conference(8, "Переговорная №5", name="meeting_room_5", access="public"),
    ]


def change(conferences: Sequence[Raw], step: int, *, now: datetime, seed: int, domain: str) -> list[Raw]:
    """
    Return the list after change number `step`: in turn, one is added, renamed, moved by an hour, or removed.
    """
    ours = [entry for entry in conferences if entry["id"].startswith("demo_")]
    match step % 4:
        case 0:
            start = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=1, hours=step % 5)
            topic = _NEW_TOPICS[(seed + step // 4) % len(_NEW_TOPICS)]
            world = _World(now, seed, domain)
            added = _conference(step, topic, world, _Times(start, 30), name=f"demo_{step}")
            return [*conferences, added]
        case 1 if ours:
            return _replace(conferences, ours[-1] | {"topic": f"{ours[-1]['topic']} (v{step})"})
        case 2 if ours:
            schedule = ours[-1]["schedule"]
            later = schedule | {"start_time": schedule["start_time"] + 3600}
            return _replace(conferences, ours[-1] | {"schedule": later})
        case 3 if ours:
            return [entry for entry in conferences if entry["id"] != ours[-1]["id"]]
        case _:
            return list(conferences)


def roll(conference: Raw, now: datetime, *, zone: tzinfo) -> Raw:
    """Return a weekly conference with `start_time` moved on to its next occurrence, others as they are."""
    if conference.get("schedule_type") != "week":
        return conference
    schedule = conference["schedule"]
    start = datetime.fromtimestamp(schedule["start_time"], UTC)
    first = max(start, start + (now - start) // _DAY * _DAY)
    coming = (first + days * _DAY for days in range(9))
    following = next(
        (day for day in coming if day >= now and _is_flagged(schedule["days"], day.astimezone(zone))), start
    )
    return conference | {"schedule": schedule | {"start_time": int(following.timestamp())}}


def encode(conference: Raw, variant: Variant, *, basis: DaysBasis, zone: tzinfo, domain: str) -> Raw:
    """Return the object as an endpoint of a variant sends it, with weekday flags on that basis."""
    based = _with_utc_days(conference, zone) if basis == "utc" else conference
    match variant:
        case "A":
            return based
        case "iso":
            return _with_iso_times(based)
        case "B":
            return _as_variant_b(based, zone=zone, domain=domain)


@dataclass(frozen=True, slots=True)
class _World:
    """What the conferences depend on."""

    now: datetime
    seed: int
    domain: str


@dataclass(frozen=True, slots=True)
class _Times:
    """When a conference is held; with flags, each week."""

    start: datetime
    minutes: int
    flags: Sequence[int] = ()


def _conference(
    number: int,
    topic: str,
    world: _World,
    times: _Times | None = None,
    *,
    name: str = "",
    mode: str = "PxP",
    access: str = "private",
) -> Raw:
    seed, domain = world.seed, world.domain
    people = [_PEOPLE[(seed + number + offset) % len(_PEOPLE)] for offset in range(3)]
    created = world.now.replace(minute=0, second=0, microsecond=0) - timedelta(days=10 + number)
    conference = {
        "id": name or f"00{48411000 + seed % 1000 * 10 + number}",
        "created_at": int(created.timestamp()),
        "session_id": "",
        "mode": mode,
        "owner": f"{people[0][0]}@{domain}",
        "topic": topic,
        "state": "stopped",
        "access": access,
        "invitations": [{"id": f"{user}@{domain}", "display_name": shown} for user, shown in people],
        "schedule_type": "none" if times is None else "week" if times.flags else "once",
    }
    if times is None:
        return conference
    schedule = {"start_time": int(times.start.timestamp()), "duration": times.minutes * 60}
    return conference | {"schedule": schedule | ({"days": list(times.flags)} if times.flags else {})}


def _is_flagged(flags: Sequence[int], moment: datetime) -> bool:
    return bool(flags[moment.isoweekday() % 7])


def _replace(conferences: Sequence[Raw], changed_one: Raw) -> list[Raw]:
    return [changed_one if entry["id"] == changed_one["id"] else entry for entry in conferences]


def _with_utc_days(conference: Raw, zone: tzinfo) -> Raw:
    schedule = conference.get("schedule")
    if not isinstance(schedule, dict) or "days" not in schedule:
        return conference
    start = datetime.fromtimestamp(schedule["start_time"], UTC)
    shift = (start.astimezone(zone).isoweekday() - start.isoweekday()) % 7
    days = schedule["days"]
    return conference | {"schedule": schedule | {"days": [*days[shift:], *days[:shift]]}}


def _with_iso_times(conference: Raw) -> Raw:
    written = conference | {"created_at": _iso(conference["created_at"])}
    if "schedule" not in conference:
        return written
    schedule = conference["schedule"]
    return written | {"schedule": schedule | {"start_time": _iso(schedule["start_time"])}}


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _as_variant_b(conference: Raw, *, zone: tzinfo, domain: str) -> Raw:
    rest = {key: value for key, value in conference.items() if key not in {"mode", "schedule_type"}}
    schedule = dict(conference.get("schedule", {}))
    if schedule:
        start = datetime.fromtimestamp(schedule["start_time"], UTC).astimezone(zone)
        offset = start.utcoffset() or timedelta()
        schedule |= {"time_offset": 0, "special_time_offset": int(offset.total_seconds()) // 60}
    return rest | {
        "type": 0,
        "description": "",
        "schedule": {"type": _TYPES[conference["schedule_type"]]} | schedule,
        "url": f"https://{domain}/c/{conference['id']}",
        "webclient_url": f"https://{domain}/webrtc/{conference['id']}",
    }
