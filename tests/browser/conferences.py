"""
A calendar with something of everything: series, long meetings, crowded days, and texts that mean harm.
"""

from datetime import UTC, datetime, timedelta

from service.core.conference import Conference
from service.core.schedule import Once, Schedule, Unscheduled, Weekday, Weekly

NOW = datetime(2026, 10, 5, 8, 3, tzinfo=UTC)
"""A Monday, a little past eleven in Moscow."""

HOSTILE = {
    "html": "<b>bold</b> & <img src=x onerror=alert(1)>",
    "script": "</span><script>document.title='taken'</script>",
    "javascript": "javascript:alert(document.domain)",
    "emoji": "🎉" * 240,
    "right-to-left": "פגישת צוות \u202eנועדה\u202c مرحبا بالفريق",
    "long": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3,
}


def _at(day: int, hour: int, minute: int = 0, *, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def _conference(id_: str, topic: str, schedule: Schedule) -> Conference:
    return Conference(id=id_, topic=topic, owner="brown@video.example.com", schedule=schedule, mode="S|L")


def _once(start: datetime, minutes: int) -> Once:
    return Once(start, timedelta(minutes=minutes))


def _weekly(start: datetime, minutes: int, *days: Weekday) -> Weekly:
    return Weekly(start, timedelta(minutes=minutes), frozenset(days))


_WORKING_DAYS = (Weekday.MO, Weekday.TU, Weekday.WE, Weekday.TH, Weekday.FR)

RICH = [
    _conference("daily", "Daily stand-up", _weekly(_at(5, 6, 45), 15, *_WORKING_DAYS)),
    _conference("sales", "Планёрка отдела продаж", _weekly(_at(5, 7), 45, Weekday.MO, Weekday.TH)),
    # Half past midnight in Moscow is still Sunday in UTC.
    _conference("night", "Ночные работы: обновление серверов", _weekly(_at(4, 21, 30), 120, Weekday.MO)),
    _conference("budget", "Обзор бюджета: план, факт; прогноз", _once(_at(5, 11), 90)),
    _conference("webinar", "Product webinar: what is new in the autumn release", _once(_at(7, 14), 60)),
    _conference("retreat", "Strategy retreat", _once(_at(14, 6), 3 * 24 * 60 - 360)),
    _conference("over", "Kick-off that is over", _once(_at(1, 9), 60)),
    _conference("board", "Собрание акционеров", _once(_at(10, 8, 30, month=11), 180)),
    *(
        _conference(f"interview{hour}", f"Interview {hour - 6}", _once(_at(21, hour), 50))
        for hour in range(7, 15)
    ),
    _conference("room", "Переговорная №5", Unscheduled()),
]

HARMFUL = [
    _conference(f"harm{number}", topic, _once(_at(6, 6 + number), 30))
    for number, topic in enumerate(HOSTILE.values())
]
