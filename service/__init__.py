"""
confcal carries TrueConf conferences into people's calendars.

Each folder has one subject. Imports point from `commands` down to `core`, never back up.
"""

from zoneinfo import ZoneInfo, reset_tzpath

# The only place that chooses the zone data: the pinned tzdata package, never the files of the machine, nor
# those of PYTHONTZPATH. It stands here because Python runs it before any module of the package reads a zone.
reset_tzpath(to=())
ZoneInfo.clear_cache()
