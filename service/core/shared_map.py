"""
A mapping whose successors share with it what stays the same, so that a change costs what it changes.
"""

from collections.abc import Hashable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import Any, Generic, TypeVar, overload

from typing_extensions import override

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")

_BITS = 5
_BRANCHES = 1 << _BITS
_MOST_IN_LEAF = 256
_LAST_SHIFT = 60
"""Hashes have 64 bits; whatever is alike in all of them stays in one leaf."""


class SharedMap(Mapping[K, V], Generic[K, V]):
    """
    An immutable mapping: a tree of small dictionaries, by the bits of each key's hash. It has no order.
    """

    __slots__ = ("_count", "_root")

    def __init__(self, items: Mapping[K, V] | None = None) -> None:
        self._root: _Node[K, V] = _grow(dict(items or {}), 0)
        self._count = len(items or {})

    def __getitem__(self, key: K) -> V:
        """Return the value of a key. Raises KeyError."""
        return self._leaf(key)[key]

    def __contains__(self, key: object) -> bool:
        """Return whether there is such a key."""
        return key in self._leaf(key)

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | D) -> V | D: ...
    @override
    def get(self, key: K, /, default: object = None) -> object:
        # That of Mapping raises an error and catches it for each key that is missing.
        return self._leaf(key).get(key, default)

    def _leaf(self, key: object) -> dict[K, V]:
        node, bits = self._root, hash(key)
        while isinstance(node, tuple):
            node = node[bits & (_BRANCHES - 1)]
            bits >>= _BITS
        return node

    def __iter__(self) -> Iterator[K]:
        """Yield the keys."""
        for leaf in _leaves(self._root):
            yield from leaf

    def items(self) -> ItemsView[K, V]:
        """Return the keys with their values; going through them looks nothing up."""
        return _Items(self)

    def values(self) -> ValuesView[V]:
        """Return the values; going through them looks nothing up."""
        return _Values(self)

    def __len__(self) -> int:
        """Return how many keys there are."""
        return self._count

    def __hash__(self) -> int:
        """Raise TypeError: values may be anything."""
        raise TypeError("a mapping has no hash")

    def __repr__(self) -> str:
        """Return it as a dictionary is written."""
        return f"SharedMap({dict(self)!r})"

    def replace(self, changed: Mapping[K, V], gone: Iterable[K] = ()) -> "SharedMap[K, V]":
        """Return the mapping with these values and without the keys that are gone."""
        gone = [key for key in gone if key in self]
        if not changed and not gone:
            return self
        if len(changed) > len(self):
            return SharedMap({**{key: value for key, value in self.items() if key not in gone}, **changed})
        following = SharedMap[K, V]()
        following._root = self._root
        following._count = self._count - len(gone) + sum(key not in self for key in changed)
        for key in gone:
            following._root = _without(following._root, key, hash(key))
        for key, value in changed.items():
            following._root = _with(following._root, key, value, 0)
        return following

    def find_differing(self, before: "SharedMap[K, V]") -> set[K]:
        """Return the keys whose value is another object than before, or is there in one of them alone."""
        found: set[K] = set()
        root = before._root  # noqa: SLF001 -- of the same class
        if self._root is not root:
            _compare(self._root, root, found)
        return found


class _Items(ItemsView[K, V]):
    _mapping: SharedMap[K, V]

    def __iter__(self) -> Iterator[tuple[K, V]]:
        for leaf in _leaves(self._mapping._root):  # noqa: SLF001 -- of the map
            yield from leaf.items()


class _Values(ValuesView[V], Generic[V]):
    _mapping: SharedMap[Any, V]

    def __iter__(self) -> Iterator[V]:
        for leaf in _leaves(self._mapping._root):  # noqa: SLF001 -- of the map
            yield from leaf.values()


_Node = dict[K, V] | tuple["_Node[K, V]", ...]


def _grow(items: dict[K, V], shift: int) -> "_Node[K, V]":
    if len(items) <= _MOST_IN_LEAF or shift > _LAST_SHIFT:
        return items
    parts: list[dict[K, V]] = [{} for _ in range(_BRANCHES)]
    for key, value in items.items():
        parts[(hash(key) >> shift) & (_BRANCHES - 1)][key] = value
    return tuple(_grow(part, shift + _BITS) for part in parts)


def _with(node: "_Node[K, V]", key: K, value: V, shift: int) -> "_Node[K, V]":
    if isinstance(node, dict):
        return _grow({**node, key: value}, shift)
    at = (hash(key) >> shift) & (_BRANCHES - 1)
    return (*node[:at], _with(node[at], key, value, shift + _BITS), *node[at + 1 :])


def _without(node: "_Node[K, V]", key: K, bits: int) -> "_Node[K, V]":
    if isinstance(node, dict):
        return {each: value for each, value in node.items() if each != key}
    at = bits & (_BRANCHES - 1)
    return (*node[:at], _without(node[at], key, bits >> _BITS), *node[at + 1 :])


def _leaves(node: "_Node[K, V]") -> Iterator[dict[K, V]]:
    if isinstance(node, dict):
        yield node
    else:
        for each in node:
            yield from _leaves(each)


def _compare(now: "_Node[K, V]", before: "_Node[K, V]", found: set[K]) -> None:
    if isinstance(now, tuple) and isinstance(before, tuple):
        for one, other in zip(now, before, strict=True):
            if one is not other:
                _compare(one, other, found)
        return
    these, those = _flatten(now), _flatten(before)
    found.update(key for key, value in these.items() if those.get(key) is not value)
    found.update(those.keys() - these.keys())


def _flatten(node: "_Node[K, V]") -> dict[K, V]:
    if isinstance(node, dict):
        return node
    return {key: value for leaf in _leaves(node) for key, value in leaf.items()}
