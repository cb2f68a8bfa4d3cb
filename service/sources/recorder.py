"""
The recorder of what endpoints send: a bug report is then a file that replays. It masks secrets.
"""

import base64
import json
import logging
from contextlib import suppress
from datetime import datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog

from service.core.errors import SettingsError
from service.core.rejected import without_secrets

log = structlog.get_logger()

_FILE_OCTETS = 16 * 1024 * 1024
_FILES = 9


def line_of(source: str, frame: bytes, at: datetime) -> str:
    """
    Return one line of a recording, without a line end.

    JSON with `at` (ISO 8601), `source`, and `frame`; `frame_base64` if the frame is not UTF-8.
    """
    clean = without_secrets(frame)
    try:
        content = {"frame": clean.decode()}
    except UnicodeDecodeError:
        content = {"frame_base64": base64.b64encode(clean).decode()}
    return json.dumps({"at": at.isoformat(), "source": source, **content}, ensure_ascii=False)


class Recorder:
    """
    Writes recordings into a folder: `confcal.jsonl`, and nine older files of 16 MiB, for their owner alone.
    """

    def __init__(self, folder: Path) -> None:
        """Raises SettingsError if the folder is not writable."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._handler = _Handler(
                folder / "confcal.jsonl", maxBytes=_FILE_OCTETS, backupCount=_FILES, encoding="utf-8"
            )
        except OSError as error:
            raise SettingsError(
                f"--record: {folder} cannot be written to ({error.strerror}); name another folder"
            ) from error

    def frame(self, source: str, frame: bytes, at: datetime) -> None:
        """Write one frame."""
        record = logging.makeLogRecord({"msg": line_of(source, frame, at)})
        self._handler.emit(record)

    def close(self) -> None:
        """Close the file."""
        # Closing tries again to write what failed before.
        with suppress(OSError):
            self._handler.close()


class _Handler(RotatingFileHandler):
    """Logs the first of several frames in a row that cannot be written."""

    _failures = 0

    def _open(self) -> TextIOWrapper:
        # They hold topics and people's names.
        with suppress(FileExistsError):
            Path(self.baseFilename).touch(mode=0o600, exist_ok=False)
        return super()._open()

    def emit(self, record: logging.LogRecord) -> None:
        before = self._failures
        super().emit(record)
        if self._failures == before:
            self._failures = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the name is logging's
        del record
        self._failures += 1
        if self._failures == 1:
            log.warning("recorder.frames_not_recorded", file=self.baseFilename)
