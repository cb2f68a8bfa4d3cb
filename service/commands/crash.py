"""
How a command that runs many tasks ends when one of them fails.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from service.core.errors import ConfcalError

log = structlog.get_logger()


@contextmanager
def end_by() -> Iterator[None]:
    """
    Turn the errors of tasks into one: a ConfcalError as it is, a bug into a sentence, its traceback logged.

    Raises ConfcalError.
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
