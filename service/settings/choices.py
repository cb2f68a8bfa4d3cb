"""
Choices as an operator writes them.
"""

from pydantic import BeforeValidator


def _lowered(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


AnyCase = BeforeValidator(_lowered)
"""Has a choice of few words taken in any case: INFO is info, JSON is json."""
