"""
The program as the version before would be: `python -m tests.e2e.older run`.

It knows all schemas but the newest, says an older version of itself, and renders by another digest.
"""

from service.app import joining, policy
from service.store import schema


def become_older() -> None:
    """Replace what the next version changes."""
    known = schema.list_revisions()[1:]
    vars(schema)["list_revisions"] = lambda: known
    schema.OLDEST_SCHEMA = known[0]
    vars(policy)["RENDERING"] = "older"
    vars(joining)["version"] = lambda _name: "0.0.1"


if __name__ == "__main__":
    become_older()
    from service.__main__ import main

    main()
