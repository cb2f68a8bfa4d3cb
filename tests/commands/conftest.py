import io
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from service.__main__ import main
from tests.tools import restoring_logging


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def squeezed(self) -> str:
        """The text with one blank in place of many: columns are as wide as what is in them."""
        return "\n".join(" ".join(line.split()) for line in self.text.splitlines())


class Confcal(Protocol):
    def __call__(self, *arguments: object, stdin: bytes = b"") -> Finished: ...


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    with restoring_logging():
        yield


@pytest.fixture
def confcal(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> Confcal:
    """Give a function that runs `confcal` as the shell does, in this process, at home in `tmp_path`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    # Its texts are English, whatever the machine speaks.
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: object, stdin: bytes = b"") -> Finished:
        monkeypatch.setattr(sys, "argv", ["confcal", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        environ, blocked = dict(os.environ), signal.pthread_sigmask(signal.SIG_BLOCK, ())
        try:
            with pytest.raises(SystemExit) as ended:
                main()
        finally:
            # `run` waits with SIGHUP, and what --env-file says is for one command.
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            os.environ.clear()
            os.environ.update(environ)
        out, err = capfdbinary.readouterr()
        assert isinstance(ended.value.code, int)
        assert b"Traceback" not in out + err
        return Finished(ended.value.code, out, err.decode())

    return run
