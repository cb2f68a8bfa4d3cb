"""
Compiles the gettext catalogues before they are packed, and packs the commit that the build was made from.

An editable install gets the catalogues beside their sources, and asks git for the commit.
"""

import os
import re
import runpy
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALES = "service/locale"
COMMIT_VARIABLE = "SOURCE_COMMIT"
"""Names the commit for a build without git, such as the image's."""

_COMMIT = re.compile(r"[0-9a-f]{7,40}(\+changes)?")
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)


class CatalogueHook(BuildHookInterface[Any]):
    """
    The build hook `custom` of pyproject.toml.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Have the .mo file of every language packed, though git ignores it, and the commit."""
        root = Path(self.root)
        if version != "editable":
            self._pack_commit(root, build_data)
        for source in sorted(root.glob(f"{LOCALES}/*/LC_MESSAGES/*.po")):
            target = compiled(source)
            build_data["artifacts"].append(f"/{target.relative_to(root).as_posix()}")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the file with the commit: it lies beside the clone, never in it."""
        if self._folder:
            self._folder.cleanup()

    _folder: TemporaryDirectory[str] | None = None

    def _pack_commit(self, root: Path, build_data: dict[str, Any]) -> None:
        own = runpy.run_path(str(root / "service/version.py"))
        packed = str(own["BUILD_INFO"])
        told = os.environ.get(COMMIT_VARIABLE, "").strip()
        if told and not _COMMIT.fullmatch(told):
            raise ValueError(f"{COMMIT_VARIABLE}: {told!r} is no commit; write its hexadecimal digits")
        commit = told or own["find_commit"](root)
        # An unpacked sdist brings the file along, and has no git.
        if commit and not (root / packed).exists():
            self._folder = TemporaryDirectory()
            file = Path(self._folder.name) / "build_info.py"
            file.write_text(f'"""Written by the build."""\n\nCOMMIT = "{commit}"\n', encoding="utf-8")
            build_data["force_include"][str(file)] = packed

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
    # A confcal that runs from this clone may read it at the same moment.
    partial = target.with_suffix(f".{os.getpid()}.part")
    with partial.open("wb") as file:
        write_mo(file, catalog)
    return partial.replace(target)


def _names(text: object) -> set[str]:
    return set(re.findall(r"{\w+}|%\(\w+\)", str(text)))
