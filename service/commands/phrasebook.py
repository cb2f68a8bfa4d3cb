"""
Sentences of errors in the language of a terminal.

An error is English where it comes up, because logs and the API hold it so. Here a sentence is recognized by
its form, and so are the parts that vary.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from service.language import LOCALES, Language

_VARYING = re.compile(r"\{(\d+)\}")
_JOINTS = re.compile("[;:] ")
"""Where a sentence without a form of its own is taken apart: the first where what follows has one."""

_MOST_JOINTS = 12
_SLIGHT = 6
"""A form with fewer fixed letters fits only where single words vary."""

_DEEPEST = 12
"""How often what varies, or a part, is looked at again."""


@dataclass(frozen=True, slots=True)
class _Form:
    """
    A sentence with what varies in it left open.
    """

    fixed: tuple[str, ...]
    """What stands before, between and behind what varies."""

    translation: str

    @classmethod
    def of(cls, english: str, translation: str) -> "_Form":
        return cls(tuple(_VARYING.split(english)[::2]), translation)

    @property
    def weight(self) -> int:
        """The number of letters that are fixed: the form with most of them fits best."""
        return sum(map(len, self.fixed))

    def match(self, line: str) -> list[str] | None:
        """
        Return what stands where the form varies, or None where the line does not have this form.

        Each fixed part is sought once, so a long line takes no longer for what it holds.
        """
        first, *others = self.fixed
        if not others:
            return [] if line == first else None
        *between, last = others
        end = len(line) - len(last)
        if not line.startswith(first) or not line.endswith(last):
            return None
        found, at = [], len(first)
        for part in between:
            place = line.find(part, at, end)
            if place < 0:
                return None
            found.append(line[at:place])
            at = place + len(part)
        if at > end:
            return None
        found.append(line[at:end])
        # "{1} on {2}" would fit half of all sentences.
        return None if self.weight < _SLIGHT and any(" " in each for each in found) else found


class Phrasebook:
    """
    Translates sentences. What it does not know stays as it is.
    """

    def __init__(self, translations: Mapping[str, str]) -> None:
        self.translations = translations
        forms = [_Form.of(english, translation) for english, translation in translations.items()]
        self._forms = sorted(forms, key=lambda form: form.weight, reverse=True)

    def translate(self, text: str) -> str:
        """Return a text in the other language, line by line."""
        return "\n".join(self._translate_line(line, _DEEPEST) for line in text.splitlines())

    def _translate_line(self, line: str, depth: int) -> str:
        if depth == 0:
            return line
        whole = self._translate_form(line, depth)
        if whole is not None:
            return whole
        joints = [*islice(_JOINTS.finditer(line), _MOST_JOINTS)]
        for joint in joints:
            tail = self._translate_form(line[joint.end() :], depth)
            if tail is not None:
                return self._translate_line(line[: joint.start()], depth - 1) + joint[0] + tail
        if not joints:
            return line
        head, tail = line[: joints[0].start()], line[joints[0].end() :]
        return self._translate_line(head, depth - 1) + joints[0][0] + self._translate_line(tail, depth - 1)

    def _translate_form(self, line: str, depth: int) -> str | None:
        """Return a line that has a form, in the other language; None for any other."""
        for form in self._forms:
            found = form.match(line)
            if found is not None:
                return _fill(form.translation, [self._translate_line(each, depth - 1) for each in found])
        return None


def _fill(translation: str, parts: list[str]) -> str:
    return _VARYING.sub(lambda found: parts[int(found[1]) - 1], translation)


def _file(language: Language) -> Path:
    return LOCALES / language / "sentences.toml"


@cache
def phrasebook(language: Language) -> Phrasebook:
    """Return the sentences of a language; English ones need none."""
    return Phrasebook({} if language == "en" else tomllib.loads(_file(language).read_text("utf-8")))
