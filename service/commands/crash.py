"""
How a command that runs many tasks ends when one of them fails.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from service.core.errors import ConfcalError
from service.settings.secret_values import find_secrets_of_process, hide_secrets

log = structlog.get_logger()


@contextmanager
def join_errors() -> Iterator[None]:
    """
    Raise one ConfcalError for the errors of tasks.

    A ConfcalError among them is raised as it is. For a bug it is a sentence, and the traceback is logged.
    """
    try:
        yield
    except ConfcalError:
        raise
    except Exception as error:
        leaves = _leaves(error)
        for leaf in leaves:
            if isinstance(leaf, ConfcalError):
                raise leaf from error
        for leaf in leaves:
            log.exception("app.crashed", exc_info=leaf)
        reason = hide_secrets(f"{type(leaves[0]).__name__}: {leaves[0]}", find_secrets_of_process())
        raise ConfcalError(f"a part crashed ({reason}); please report it with the log above") from error


def describe_crash(error: Exception) -> str:
    """Return the traceback of a bug outside of all tasks and a sentence, both without secrets."""
    lines = "".join(traceback.format_exception(error))
    text = f"{lines}it crashed ({type(error).__name__}: {error}); please report it with the lines above"
    return hide_secrets(text, find_secrets_of_process())


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
