"""
The program as the version before would be: `python -m tests.e2e.older run`.

It knows all schemas but the newest, says an older version of itself, and renders by another digest.
"""

from service.app import joining, policy
from service.store import schema


def become_older() -> None:
    """Replace what the next version changes."""
    known = schema.list_revisions()[1:]
    schema.list_revisions.cache_clear()
    schema.list_revisions = lambda: known  # type: ignore[assignment]
    schema.OLDEST_SCHEMA = known[0]
    policy.RENDERING = "older"  # type: ignore[assignment]
    joining.version = lambda _name: "0.0.1"  # type: ignore[assignment]


if __name__ == "__main__":
    become_older()
    from service.__main__ import main

    main()
