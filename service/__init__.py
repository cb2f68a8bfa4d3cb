"""confcal carries TrueConf conferences into people's calendars."""
