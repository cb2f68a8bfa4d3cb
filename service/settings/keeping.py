"""
The settings of what is kept for people to look at: rejected input, and the journal.
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
    What is kept of input that could not be understood.
    """

    model_config = _FORM

    keep: int = Field(default=_KEEP.keep, ge=0)
    """So many of the newest are kept ..."""

    keep_for: Duration = Field(default=_KEEP.keep_for, ge=timedelta())
    """... for so long."""


class JournalSettings(BaseModel):
    """
    What is kept of what happened.
    """

    model_config = _FORM

    keep_for: Duration = Field(default=KEEP_FOR, ge=timedelta())
    """The journal keeps what happened for so long."""
