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
from pathlib import Path

from service.language import LOCALES, Language

_VARYING = re.compile(r"\{(\d+)\}")
_JOINTS = ("; ", ": ")
"""Where a sentence without a form of its own is taken apart."""


@dataclass(frozen=True, slots=True)
class _Form:
    """
    A sentence with what varies in it left open.
    """

    pattern: re.Pattern[str]
    translation: str
    weight: int
    """The number of letters that are fixed: the form with most of them fits best."""


class Phrasebook:
    """
    Translates sentences. What it does not know stays as it is.
    """

    def __init__(self, translations: Mapping[str, str]) -> None:
        self.translations = translations
        forms = [_form_of(english, translation) for english, translation in translations.items()]
        self._forms = sorted(forms, key=lambda form: form.weight, reverse=True)

    def translate(self, text: str) -> str:
        """Return a text in the other language, line by line."""
        return "\n".join(map(self._translate_line, text.splitlines()))

    def _translate_line(self, line: str) -> str:
        for form in self._forms:
            found = form.pattern.fullmatch(line)
            if found:
                return _fill(form.translation, [self._translate_line(each) for each in found.groups()])
        for joint in _JOINTS:
            head, found_joint, tail = line.partition(joint)
            if found_joint:
                return self._translate_line(head) + joint + self._translate_line(tail)
        return line


def _form_of(english: str, translation: str) -> _Form:
    fixed = _VARYING.split(english)[::2]
    pattern = re.compile("(.*?)".join(map(re.escape, fixed)))
    return _Form(pattern, translation, sum(map(len, fixed)))


def _fill(translation: str, parts: list[str]) -> str:
    return _VARYING.sub(lambda found: parts[int(found[1]) - 1], translation)


def _file(language: Language) -> Path:
    return LOCALES / language / "sentences.toml"


@cache
def phrasebook(language: Language) -> Phrasebook:
    """Return the sentences of a language; English ones need none."""
    return Phrasebook({} if language == "en" else tomllib.loads(_file(language).read_text("utf-8")))
