"""
The rules of the house that no linter has: names, package docstrings, the length of modules.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

MOST_LINES = 300
LEAST_LINES = 30

_IRREGULAR = """
    told understood written seen heard held kept made taken left given known built found done gone lost shown
    sent drawn chosen broken begun bound bought brought caught dealt felt forgotten frozen grown hidden laid
    led lent meant met paid said sold shut spent spoken stood stolen struck stuck swept thought thrown won
    wound spelt dreamt learnt
"""
_NO_PARTICIPLES = """
    embed exceed feed need proceed seed speed succeed
    bring heading listing ping rendering ring setting settings spring string thing
"""
"""Words that only look like participles, and nouns of this project."""

OLD_WORDS = {
    "Upkeep": "Reconciler",
    "UpkeepStatus": "TargetStatus",
    "upkeep": "reconciler",
    "upkeeps": "reconcilers",
    "Aim": "Target",
    "aim": "target",
    "aims": "targets",
    "Pass": "SyncRun",
    "Carrying": "Executor",
    "give_up": "on_exhausted",
    "Pause": "Backoff",
    "patience": "retry",
    "_PATIENCE_SECONDS": "a name for what it is",
    "pause_seconds": "retry_delay_seconds",
    "Rows": "LedgerCache",
    "LedgerQueue": "WriteBehind",
    "Claim": "Assignment",
    "meaning_of": "content_hash",
    "There": "RemoteResource",
    "Found": "DiscoveredCollection",
    "Wish": "CollectionSpec",
    "Taps": "SourceHooks",
    "taps": "hooks",
    "NOBODY": "NoHooks",
    "Deliver": "SnapshotSink",
    "Direct": "ConnectWithoutRedirects",
    "Lost": "ConnectionLost",
    "Silence": "SilenceTimer",
    "Nobody": "Anonymous",
    "Known": "AccountState",
    "Held": "HeldRemoval",
    "Roster": "ParticipantIndex",
    "roster": "participants",
    "Watch": "StatusReporter",
    "Oversight": "AdminQueries",
    "oversight": "queries",
    "Reports": "AdminPort",
    "Reporting": "HasStatus",
    "Glance": "HealthSummary",
    "Tone": "Severity",
    "Shelf": "FeedCache",
    "Built": "CachedFeed",
    "Visits": "AccessStats",
    "bell": "wake",
    "bells": "wake_events",
    "ring": "notify",
    "ender": "shutdown_handler",
    "tidy": "run_housekeeping",
    "accepting": "Arrivals",
    "administered": "make_admin_routes",
    "told": "what it holds: reported, facts, lines",
    "told_at": "logged_at",
    "tell": "write, report, log",
    "untold": "unlogged",
    "there": "remote",
    "Told": "ReportView",
    "ToldView": "ReportView",
}
"""Names that a stranger could not guess, with those that replaced them."""

OLD_PROSE = re.compile(
    r"\b(?:upkeeps?|patience|rosters?|oversight|bells?|rung|befell|LedgerQueue|Taps|give_up)\b"
    r"|note_change\(\)|[Rr]aises Lost\b|whose it is is\b|as `claim` says"
    r"|\b(?:of which nothing but|what became of|nobody is told|worth a word)\b"
    r"|\b(?:that are none|where (?:it|one) is none|to be had|as it were)\b"
    r"|\b(?:tells?|told|telling|untold|anew|so many)\b",
    re.IGNORECASE,
)
"""Replaced words that mean nothing else in a docstring or a comment of this project."""

OLD_PHRASES = ("no IANA time zone", "to be had as", "say its address in", "befalls")


def modules(root: Path) -> list[Path]:
    """Return the modules of the product, in order."""
    every = sorted((root / "service").rglob("*.py"))
    # A migration stays as it was when it was run first.
    return [path for path in every if "migrations" not in path.parts]


@cache
def parse(text: str) -> ast.Module:
    """Return the tree of a module; several rules look at each."""
    return ast.parse(text)


@cache
def tokens_of(text: str) -> tuple[tuple[int, str, int], ...]:
    """Return the kind, the text and the line of each name and comment of a module; two rules look at them."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return tuple(
        (t.type, t.string, t.start[0]) for t in tokens if t.type in {tokenize.NAME, tokenize.COMMENT}
    )


def is_telling(name: str) -> bool:
    """
    Return whether a function is named by telling, which does not say whether it logs, writes or returns.
    """
    return name.strip("_").split("_")[0] == "tell"


def is_participle(name: str) -> bool:
    """Return whether a function's name begins with a participle, where it should begin with a verb."""
    first = name.strip("_").split("_")[0]
    if first in _NO_PARTICIPLES.split():
        return False
    return first in _IRREGULAR.split() or re.fullmatch(r"[a-z]{3,}(ed|ing)", first) is not None


def public_functions(text: str) -> Iterator[tuple[str, int]]:
    """Yield the name and the line of each public function and method of a module, nested ones left out."""
    tree = parse(text)
    owners: list[ast.Module | ast.ClassDef] = [
        tree,
        *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)),
    ]
    for owner in owners:
        for node in owner.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if not node.name.startswith("_") and not _is_exempt(node):
                yield node.name, node.lineno


def _is_exempt(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether it is a property, which is a noun, or a command, whose name is an interface."""
    decorators = [ast.unparse(each) for each in function.decorator_list]
    return any(each == "property" or ".command" in each or ".group" in each for each in decorators)


def names(text: str) -> Iterator[tuple[str, int]]:
    """Yield every name in the code of a module with its line; texts and comments have none."""
    for kind, token, line in tokens_of(text):
        if kind == tokenize.NAME:
            yield token, line


def crowded_functions(text: str, most: int) -> Iterator[str]:
    """Yield the functions that take more than so many parameters, besides `self` and `cls`."""
    for node in ast.walk(parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            if len([each for each in given if each.arg not in {"self", "cls"}]) > most:
                yield node.name


def foreign_privates(text: str) -> Iterator[str]:
    """Yield the private names that are read of something else than `self` and `cls`, or imported."""
    for node in ast.walk(parse(text)):
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            owner = node.value
            if not (isinstance(owner, ast.Name) and owner.id in {"self", "cls"}):
                yield node.attr
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("service"):
            yield from (each.name for each in node.names if _is_private(each.name))


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def prose(text: str) -> Iterator[str]:
    """Yield the docstrings and the comments of a module; the texts of its code are none."""
    for node in ast.walk(parse(text)):
        # Docstrings of modules, classes and functions, and the texts below attributes.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)
    for kind, token, _ in tokens_of(text):
        if kind == tokenize.COMMENT:
            yield token
