"""
The settings of what is kept for people to inspect: rejected input, and the journal.
"""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from service.core.journal import KEEP_FOR
from service.core.rejected import KeepRules
from service.settings.types import Duration

_FORM = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
_KEEP = KeepRules()


class RejectedSettings(BaseModel):
    """
    How much rejected input is kept.
    """

    model_config = _FORM

    keep: int = Field(default=_KEEP.keep, ge=0)
    """This many of the newest are kept ..."""

    keep_for: Duration = Field(default=_KEEP.keep_for, ge=timedelta())
    """... for this long."""


class JournalSettings(BaseModel):
    """
    How long the journal is kept.
    """

    model_config = _FORM

    keep_for: Duration = Field(default=KEEP_FOR, ge=timedelta())
    """How long the journal keeps what happened."""
