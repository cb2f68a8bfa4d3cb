"""
The table of findings in a terminal: columns, color, and lines that break between words.
"""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence

import click

from service.app.findings import CheckReport, Finding, Verdict
from service.core.vevent import Translate

_COLORS = {Verdict.GOOD: "green", Verdict.NOTICE: "cyan", Verdict.WARNING: "yellow", Verdict.FAILED: "red"}
_MOST_GOOD = 20
_NARROWEST = 20
"""The least width of the text; a narrower terminal breaks the lines itself."""


def terminal_width() -> int | None:
    """Return the width of the terminal; None without one, so that scripts get whole lines."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def wants_color() -> bool | None:
    """Return False where NO_COLOR is set (no-color.org), else None, which leaves the decision to click."""
    return False if os.environ.get("NO_COLOR") else None


def render_table(report: CheckReport, width: int | None, gettext: Translate) -> Iterator[str]:
    """
    Yield the lines of the table: one for each finding, and below it its other lines.

    More than twenty sources without anything to correct are one line, below those with something.
    """
    parts = _parts(gettext)
    words = _verdicts(gettext)
    findings = _fold(report.findings, gettext)
    first = max((len(_subject(parts, each)) for each in findings), default=0)
    second = max(map(len, words.values()))
    before = ""
    for finding in findings:
        subject = _subject(parts, finding)
        shown = "" if subject == before else subject
        before = subject
        word = click.style(
            words[finding.verdict].ljust(second),
            fg=_COLORS[finding.verdict],
            bold=finding.verdict is Verdict.FAILED,
        )
        margin = " " * (first + second + 4)
        lines = [line for text in finding.lines for line in wrap(text, width, len(margin))]
        yield f"{shown.ljust(first)}  {word}  {lines[0]}"
        yield from (margin + line for line in lines[1:])


def summarize(report: CheckReport, gettext: Translate) -> str:
    """Return the last line: the number of findings of each verdict."""
    counts = ", ".join(
        f"{count} {word}" for verdict, word in _verdicts(gettext).items() if (count := report.count(verdict))
    )
    color = "green" if report.good else "red"
    return click.style(gettext("Result: %(counts)s") % {"counts": counts}, fg=color, bold=True)


def _fold(findings: Sequence[Finding], gettext: Translate) -> Sequence[Finding]:
    good = [each for each in findings if _is_good_source(each)]
    if len(good) <= _MOST_GOOD:
        return findings
    text = gettext("%(count)s in order; --json names each") % {"count": f"{len(good):,}"}
    end = max(at for at, each in enumerate(findings) if each.part == "source") + 1
    wrong = (each for each in findings[:end] if not _is_good_source(each))
    return [*wrong, Finding("sources", Verdict.GOOD, (text,)), *findings[end:]]


def _is_good_source(finding: Finding) -> bool:
    return finding.part == "source" and finding.verdict is Verdict.GOOD


def _subject(parts: dict[str, str], finding: Finding) -> str:
    return f"{parts[finding.part]} {finding.name}".rstrip()


def wrap(text: str, width: int | None, margin: int) -> list[str]:
    """Return a text as lines that break between words, for a terminal of this width behind a margin."""
    room = max(_NARROWEST, width - margin) if width else None
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        lines += (
            textwrap.wrap(line, room, break_long_words=False, break_on_hyphens=False) or [""]
            if room
            else [line]
        )
    return lines


def _parts(gettext: Translate) -> dict[str, str]:
    return {
        "settings": gettext("settings"),
        "zone": gettext("zone"),
        "database": gettext("database"),
        "sources": gettext("sources"),
        "source": gettext("source"),
        "target": gettext("target"),
        "public": gettext("address"),
        "daemon": gettext("daemon"),
    }


def _verdicts(gettext: Translate) -> dict[Verdict, str]:
    return {
        Verdict.GOOD: gettext("good"),
        Verdict.NOTICE: gettext("notice"),
        Verdict.WARNING: gettext("warning"),
        Verdict.FAILED: gettext("FAILED"),
    }
