"""
How pages write zones.
"""

from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from service.web.dates import Dates


@pytest.mark.parametrize(
    ("zone", "english", "russian"),
    [
        ("Europe/Moscow", "Moscow Time, Europe/Moscow", "Москва, Europe/Moscow"),
        ("Europe/Berlin", "Central European Time, Europe/Berlin", "Центральная Европа, Europe/Berlin"),
        ("Asia/Almaty", "Almaty, Asia/Almaty", "Алматы, Asia/Almaty"),
        ("Asia/Kolkata", "Kolkata, Asia/Kolkata", "Калькутта, Asia/Kolkata"),
        ("UTC", "UTC", "UTC"),
        ("Etc/GMT-3", "GMT-3, Etc/GMT-3", "GMT-3, Etc/GMT-3"),
    ],
)
def test_a_zone_has_a_name_that_is_true_all_year(zone: str, english: str, russian: str) -> None:
    assert Dates(Locale.parse("en_GB"), ZoneInfo(zone)).zone_name == english
    assert Dates(Locale.parse("ru_RU"), ZoneInfo(zone)).zone_name == russian
