"""
How a command that runs many tasks ends when one of them fails.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from service.core.errors import ConfcalError

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
        reason = f"{type(leaves[0]).__name__}: {leaves[0]}"
        raise ConfcalError(f"a part crashed ({reason}); please report it with the log above") from error


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
