"""
Lists of any length, as TrueConf sends them: the same on every machine.
"""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

WEEKLY_SHARE = 0.7
PEOPLE = 5
SERVER = "video.example.com"

TOPICS = (
    "Планёрка отдела разработки",
    "Еженедельная встреча с заказчиком; итоги, планы",
    "Совещание руководителей 🚀",
    "Обучение новых сотрудников: техника безопасности, часть 2",
    "Демонстрация",
)
NAMES = ("Пётр Петров", "Анна Сергеевна Иванова", "Переговорная №5", "Ли Вэй", "Ольга Кузнецова", "Иван Ё.")

Raw = dict[str, Any]


def conferences(count: int, prefix: str = "") -> list[Raw]:
    """Return the same conferences on every machine, as TrueConf sends them."""
    chance = random.Random(20261005)  # noqa: S311 -- no secret depends on it
    return [_conference(chance, f"{prefix}{7_412_580_000 + number}", number) for number in range(count)]


def _conference(chance: random.Random, id_: str, number: int) -> Raw:
    start = datetime(2026, 10, 12, tzinfo=UTC) + timedelta(minutes=15 * chance.randrange(2000))
    schedule: Raw = {"start_time": int(start.timestamp()), "duration": 60 * chance.choice((30, 45, 60, 90))}
    is_weekly = chance.random() < WEEKLY_SHARE
    if is_weekly:
        days = set(chance.sample(range(7), chance.randint(1, 5)))
        schedule |= {"days": [int(day in days) for day in range(7)]}
    return {
        "id": id_,
        "created_at": 1_767_225_600 + number,
        "session_id": "",
        "mode": chance.choice(("PxP", "OxP", "S|L")),
        "owner": f"brown{number % 40}@{SERVER}",
        "topic": f"{chance.choice(TOPICS)} {number}",
        "state": "stopped",
        "access": chance.choice(("private", "public")),
        "invitations": [
            {"id": f"user{chance.randrange(900)}@{SERVER}", "display_name": chance.choice(NAMES)}
            for _ in range(PEOPLE)
        ],
        "schedule_type": "week" if is_weekly else "once",
        "schedule": schedule,
    }


def frame(listed: list[Raw]) -> bytes:
    """Return the event that tells of these conferences."""
    event = {"method": "event", "event": "conferenceList", "cnt": len(listed), "conferences": listed}
    return json.dumps(event, ensure_ascii=False).encode()
