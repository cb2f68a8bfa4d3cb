"""
The errors that cross a border, each translated once from the library that raised it.

    ConfcalError
        SettingsError        a setting cannot work; the text says what to do
        FrameRejected        a whole TrueConf frame cannot be used
        SourceFlooded        a source sent more than is taken in a while
        StoreUnavailable     the database cannot be read or written now
            ConnectionEnded  the server ended a connection in use; the same may work at once
            NoDatabase       there is none, and the command may not make one
            SchemaTooNew     it was written by a newer confcal
            SchemaTooOld     it must be migrated first
        UnknownName          nothing of the name or number that was given
        StaleState           another process wrote; load again and repeat
        HeldListChanged      another list is held now than the approved one
        PublishError         a target does not hold what it should
            Retryable        later it may work
                CollectionFailed     one collection only; others on the server may work now
                    AnswerUnusable   an answer provoked an unforeseen error
            Conflict         one resource was refused; the others are not concerned
            Fatal            the target needs a person
                CredentialsRefused   all collections of the server
                PlaceNotTrusted      the server leads to a host that the settings do not name
                NotCalDav, CollectionMissing, CollectionGone, CollectionMoved
            PlanRefused      nothing is written for now
"""


class ConfcalError(Exception):
    """Base of all errors whose text is meant for a person."""


class SettingsError(ConfcalError):
    """A setting cannot work. One sentence: which, why, and what to do."""


class NoSecret(SettingsError):
    """There is no secret where the settings say, and only the daemon makes one."""


class FrameRejected(ConfcalError):
    """
    A whole frame is unusable: broken JSON, not an object, `result: false`, `succeed: false`.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class SourceFlooded(ConfcalError):
    """A client posted more for a source than confcal accepts; nothing of it was read."""

    def __init__(self, wait_seconds: int) -> None:
        super().__init__(f"more events than are taken; send the next one in {wait_seconds} s")
        self.wait_seconds = wait_seconds


class StoreUnavailable(ConfcalError):
    """The database cannot be read or written now; the operation had no effect."""


class ConnectionEnded(StoreUnavailable):
    """The server ended a connection that was in use; the same may work at once."""


class LeaseLost(StoreUnavailable):
    """Another replica may hold the lease of this part now: nothing more is sent or recorded."""


class NoDatabase(StoreUnavailable):
    """There is no database where the settings say, and only the daemon makes one."""


class SchemaTooNew(StoreUnavailable):
    """The database was written by a newer confcal; this one must not touch it."""


class SchemaTooOld(StoreUnavailable):
    """The database must be migrated before it is used."""


class StaleState(ConfcalError):
    """Another process changed the state after it was loaded; nothing was written."""


class HeldListChanged(ConfcalError):
    """The list that is held now is not the one that was approved; nothing was applied."""


class TooSoon(ConfcalError):
    """Somebody asked for the same a moment ago; nothing was done."""


class StillRejected(ConfcalError):
    """Input that was rejected cannot be understood now either; it stays kept."""


class PublishError(ConfcalError):
    """
    A target does not hold what it should.

    The text may name the host, an address there and the collection. If something other than a CalDAV server
    answers, the text quotes its first words with secrets masked. It never holds a topic or a credential.
    """


class Retryable(PublishError):
    """
    The target cannot be used now. The operation may or may not have taken effect.
    """

    def __init__(self, text: str, *, delay_seconds: float | None = None, crowded: bool = False) -> None:
        super().__init__(text)
        self.delay_seconds = delay_seconds
        """How long the server asks to wait, where it says so."""
        self.crowded = crowded
        """Whether fewer requests at a time would help: 423, 429, 503 and their kin."""


class CollectionFailed(Retryable):
    """
    One collection cannot be used or read now; others on the same server may work.
    """


class AnswerUnusable(CollectionFailed):
    """
    A server's answer provoked an unforeseen error, in a library or in our own parser.

    Only that collection is affected; the cause has the traceback.
    """


class Conflict(PublishError):
    """
    One resource was refused, and nothing was written.
    """

    def __init__(
        self, text: str, *, blames_target: bool = False, passing: bool = False, in_front: int = 0
    ) -> None:
        super().__init__(text)
        self.in_front = in_front
        """The status, where something in front of the server seems to have refused it; else 0."""
        self.blames_target = blames_target
        """Whether it may be the collection: no permission, no such place, a failure of the server."""
        self.passing = passing
        """Whether the server failed (5xx): the same operation may go through later, unchanged."""


class Fatal(PublishError):
    """The target cannot be used until a person changes something."""


class CredentialsRefused(Fatal):
    """The server refuses the user name or the password: none of its collections can be used."""

    def __init__(self, text: str, *, delay_seconds: float | None = None) -> None:
        super().__init__(text)
        self.delay_seconds = delay_seconds
        """How long they are not to be tried again, where that is known."""


class PlaceNotTrusted(Fatal):
    """The server redirects to a host that the settings do not name; nothing was sent there."""

    def __init__(self, text: str, entry: str = "") -> None:
        super().__init__(text)
        self.entry = entry
        """What TRUSTED_HOSTS would have to say."""


class NotCalDav(Fatal):
    """The server at the address is not a CalDAV server."""


class CollectionMissing(Fatal):
    """The collection does not exist, and the settings forbid creating it."""

    def __init__(self, text: str, server: str = "") -> None:
        super().__init__(text)
        self.server = server
        """The product, where it was recognized."""


class CollectionGone(Fatal):
    """The remembered collection no longer exists."""


class CollectionMoved(CollectionGone):
    """The server reports a new address for the collection."""


class PlanRefused(PublishError):
    """The plan may not be carried out now; the text gives the reason."""


class UnknownName(ConfcalError):
    """Nothing has the given name or number; the text lists what exists."""
