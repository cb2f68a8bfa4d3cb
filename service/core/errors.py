"""
The errors that cross a border, each translated once from the library that raised it.

    ConfcalError
        SettingsError        what the operator wrote cannot work; the text says what to do
        FrameRejected        a whole TrueConf frame cannot be used
        StoreUnavailable     the database cannot be read or written now
            SchemaTooNew     it was written by a newer confcal
            SchemaTooOld     it must be migrated first
        StaleState           somebody else wrote; load again and repeat
"""


class ConfcalError(Exception):
    """Base of all errors whose text is meant for a person."""


class SettingsError(ConfcalError):
    """A setting cannot work. One sentence: which, why, and what to do."""


class FrameRejected(ConfcalError):
    """
    A whole frame is unusable: broken JSON, not an object, `result: false`, `succeed: false`.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class StoreUnavailable(ConfcalError):
    """The database cannot be read or written now; the operation had no effect."""


class SchemaTooNew(StoreUnavailable):
    """The database was written by a newer confcal; this one must not touch it."""


class SchemaTooOld(StoreUnavailable):
    """The database must be migrated before it is used."""


class StaleState(ConfcalError):
    """The state was changed by somebody else since it was loaded; nothing was written."""
