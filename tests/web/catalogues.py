"""
The texts as the source has them at this moment, compiled or not.

    python -m tests.web.catalogues

writes the template for translators, and brings the translations up to date: new texts wait there, empty.
"""

import re
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from service.language import DOMAIN, LANGUAGES, LOCALES
from service.web.renderer import Pages

METHODS = [("**.py", "python"), ("**.html", "jinja2")]
KEYWORDS = {"translate": None, "gettext": None, "_": None, "ngettext": (1, 2)}
_HEADER = re.compile(r'^msgid ""\nmsgstr ""\n(".*"\n)*"Content-Type: ', re.MULTILINE)
POT = LOCALES / f"{DOMAIN}.pot"


def po_of(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def catalogues() -> dict[str, NullTranslations]:
    return {"en": NullTranslations(), "ru": _compiled("ru")}


@cache
def pages_of(timezone: str, public_url: str) -> Pages:
    """Return the pages in English. They keep nothing of a request, so tests may share them."""
    return Pages(catalogues(), language="en", timezone=timezone, public_url=public_url)


@cache
def extracted() -> Catalog:
    """Return the texts of the source, each with where it stands."""
    template = Catalog(project="confcal", charset="utf-8")
    for name, _, message, comments, context in extract_from_dir(
        LOCALES.parent, method_map=METHODS, keywords=KEYWORDS
    ):
        # Without line numbers: a catalogue changes when a text does.
        template.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    return template


def _compiled(language: str) -> GNUTranslations:
    with po_of(language).open("rb") as file:
        catalog = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _write(target: Path, catalog: Catalog, header: str) -> None:
    entries = BytesIO()
    write_po(entries, catalog, width=110, omit_header=True, include_lineno=False, ignore_obsolete=True)
    target.write_bytes(header.encode() + b"\n" + entries.getvalue().lstrip())


def header_of(source: str) -> str:
    """
    Return the first entry of a catalogue as it is: it is written by hand, and has no date that would change.

    Raises ValueError where the first entry is a text.
    """
    first = source.partition("\n\n")[0] + "\n"
    if not _HEADER.search(first):
        raise ValueError('it begins with no header, which is msgid "" and msgstr "" with its Content-Type')
    return first


def main() -> None:
    template = extracted()
    _write(POT, template, header_of(POT.read_text("utf-8")))
    for language in LANGUAGES[1:]:
        with po_of(language).open("rb") as file:
            catalog = read_po(file, locale=language)
        catalog.update(template, no_fuzzy_matching=True, keep_user_comments=True)
        _write(po_of(language), catalog, header_of(po_of(language).read_text("utf-8")))


if __name__ == "__main__":
    main()
