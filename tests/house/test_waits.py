"""
No test waits for ever: what can hang has a limit, and a test that waits too long fails where it waits.
"""

import ast
import asyncio
import inspect
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import limited

TESTS = Path(__file__).parents[1]
OWN_SERVERS = {TESTS / "listening.py", TESTS / "caldav" / "relay.py"}
"""They end their connections themselves: the relay tears them in ways of its own."""

FILES = sorted(path for path in TESTS.rglob("*.py") if "node_modules" not in path.parts)


def unlimited(text: str) -> Iterator[tuple[str, int]]:
    """Yield the calls, with their lines, that may wait for ever and have no limit of their test."""
    tree = ast.parse(text)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    # A coroutine is awaited here, or handed on to somebody who awaits it; both have the limit of the test.
    coroutines = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Await)}
    coroutines |= {id(argument) for call in calls for argument in call.args}
    for call in calls:
        match call.func:
            case ast.Attribute(ast.Name("subprocess"), "run" | "check_output" | "check_call" as name):
                if not any(keyword.arg == "timeout" for keyword in call.keywords):
                    yield f"subprocess.{name}", call.lineno
            case ast.Attribute(_, "join" | "wait" | "communicate" as name):
                if not call.args and not call.keywords and id(call) not in coroutines:
                    yield name, call.lineno
            case ast.Attribute(ast.Name("asyncio"), "start_server" as name):
                yield name, call.lineno
            case _:
                pass


def test_nothing_waits_without_a_limit() -> None:
    found = {path: list(unlimited(path.read_text("utf-8"))) for path in FILES if path not in OWN_SERVERS}

    assert {str(path.relative_to(TESTS)): each for path, each in found.items() if each} == {}, (
        "give it a timeout, or use tests.listening for a server"
    )


@pytest.mark.parametrize(
    "text",
    [
        "subprocess.run(['x'], check=True)",
        "process.wait()",
        "thread.join()",
        "process.communicate()",
        "asyncio.start_server(talk, '127.0.0.1', 0)",
    ],
)
def test_what_may_wait_for_ever_is_found(text: str) -> None:
    assert len(list(unlimited(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "subprocess.run(['x'], timeout=60)",
        "process.wait(30)",
        "','.join(words)",
        "async def run(): await event.wait()",
        "asyncio.create_task(event.wait())",
    ],
)
def test_what_has_a_limit_is_not(text: str) -> None:
    assert list(unlimited(text)) == []


async def test_a_test_that_waits_for_ever_fails_where_it_waits_and_cleans_up() -> None:
    cleaned = []

    async def wait(what: asyncio.Event) -> None:
        try:
            await what.wait()
        finally:
            cleaned.append("up")

    with pytest.raises(TimeoutError) as caught:
        await limited(wait, 0.01)(asyncio.Event())

    assert cleaned == ["up"]
    assert "await what.wait()" in "".join(traceback.format_exception(caught.value))


def test_each_asynchronous_test_has_the_limit(request: pytest.FixtureRequest) -> None:
    tests = [item.obj for item in request.session.items if isinstance(item, pytest.Function)]
    waiting = [test for test in tests if inspect.iscoroutinefunction(test)]

    assert [test for test in waiting if inspect.unwrap(test) is test] == []
