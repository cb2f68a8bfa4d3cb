"""
Ownership of collections: each belongs to one target, and a row records every resource of ours in it.
"""

from collections.abc import Collection, Mapping

from service.publishing.ports import Assignment, TargetRecord


def assign(
    known: Mapping[str, TargetRecord], target: str, record: TargetRecord, *, abandoned: Collection[str]
) -> Assignment:
    """
    Return what must happen before `target` owns the collection of `record`.

    The rows of an abandoned target pass on only if the settings choose the same collection for the same user:
    one address may be another collection for another user.
    """
    holders = {key: other for key, other in known.items() if key != target and other.url == record.url}
    living = [key for key in holders if key not in abandoned]
    if living:
        return Assignment(held_by=living[0])
    before = known.get(target)
    return Assignment(
        former_key=_free_key(target, known) if before and before.url != record.url else "",
        adopted_keys=tuple(key for key, other in holders.items() if other.identity == record.identity),
    )


def _free_key(target: str, known: Collection[str]) -> str:
    number = 1
    while f"{target}~{number}" in known:
        number += 1
    return f"{target}~{number}"


def base_of(key: str) -> str:
    """Return the present or former name of the target in the settings."""
    return _without_number(key).partition("/")[0]


def is_former_key(key: str) -> bool:
    """Return whether rows of this key are about a collection that its target no longer publishes to."""
    return _without_number(key) != key


def _without_number(key: str) -> str:
    head, sign, number = key.rpartition("~")
    return head if sign and number.isdecimal() else key
