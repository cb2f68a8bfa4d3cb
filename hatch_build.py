"""
Compiles the gettext catalogues before they are packed; an editable install gets them beside their sources.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALES = "service/locale"
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)


class CatalogueHook(BuildHookInterface[Any]):
    """
    The build hook `custom` of pyproject.toml.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's own
        """Write the .mo file of every language and have it packed, though git ignores it."""
        root = Path(self.root)
        for source in sorted(root.glob(f"{LOCALES}/*/LC_MESSAGES/*.po")):
            target = compiled(source)
            build_data["artifacts"].append(f"/{target.relative_to(root).as_posix()}")

    def clean(self, versions: list[str]) -> None:  # noqa: ARG002 - hatchling's own
        """Remove what `initialize` wrote."""
        for target in Path(self.root).glob(f"{LOCALES}/*/LC_MESSAGES/*.mo"):
            target.unlink()


def compiled(source: Path) -> Path:
    """
    Write the .mo file beside a .po file, the same bytes every time, and return it.

    Raises ValueError where a translation differs from its text in the names in braces.
    """
    with source.open("rb") as file:
        catalog = read_po(file, locale=source.parent.parent.name, abort_invalid=True)
    for message in catalog:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if any(text and _names(text) != _names(message.id) for text in texts):
            raise ValueError(f"{source}: {message.id!r}: the names in braces differ in the translation")
    # Otherwise the header tells when it was built, and no two builds are alike.
    catalog.creation_date = catalog.revision_date = _NO_DATE
    target = source.with_suffix(".mo")
    with target.open("wb") as file:
        write_mo(file, catalog)
    return target


def _names(text: object) -> set[str]:
    return set(re.findall(r"{\w+}|%\(\w+\)", str(text)))
