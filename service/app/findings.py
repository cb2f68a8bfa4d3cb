"""
The findings of `confcal check`, in a fixed order.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import msgspec

from service.core.needs import Need
from service.core.vevent import Translate
from service.web.needs import to_view


class Verdict(StrEnum):
    """
    The result of one check.
    """

    GOOD = "good"
    NOTICE = "notice"
    """Nothing to correct, but something to know."""

    WARNING = "warning"
    """It works, but should be corrected."""

    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What was found about one thing.
    """

    part: str
    """The kind of thing: settings, zone, database, source, target, public, daemon."""

    verdict: Verdict
    lines: tuple[str, ...]
    """Sentences for a person, the most important one first."""

    name: str = ""
    """Its name in the settings, where there may be several."""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, for JSON."""
        return {
            "part": self.part,
            "name": self.name,
            "verdict": str(self.verdict),
            "lines": list(self.lines),
        }


@dataclass(frozen=True, slots=True)
class CheckReport:
    """
    All that was found, in the order in which it is shown.
    """

    findings: tuple[Finding, ...]
    needs: tuple[Need, ...] = ()
    """What a person can do something about, the most urgent first."""

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "CheckReport":
        """Return the report of these findings."""
        return cls(tuple(findings))

    def translate(self, translate: Translate) -> "CheckReport":
        """Return the report with its sentences translated."""
        findings = (replace(finding, lines=tuple(map(translate, finding.lines))) for finding in self.findings)
        return replace(self, findings=tuple(findings))

    @property
    def good(self) -> bool:
        """Whether nothing failed."""
        return not self.count(Verdict.FAILED)

    def count(self, verdict: Verdict) -> int:
        """Return the number of findings with this verdict."""
        return Counter(finding.verdict for finding in self.findings)[verdict]

    def as_dict(self, version: str) -> dict[str, Any]:
        """Return the report for JSON, with the version of confcal that made it."""
        return {
            "version": version,
            "good": self.good,
            "summary": {str(verdict): self.count(verdict) for verdict in Verdict},
            "needs": msgspec.to_builtins([to_view(each) for each in self.needs]),
            "findings": [finding.as_dict() for finding in self.findings],
        }
