"""
What docs/architecture.md names is there.
"""

import re
from functools import reduce
from importlib import import_module
from pathlib import Path

import pytest

from service.store.tables import metadata

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "architecture.md").read_text("utf-8")
CALLS = sorted(set(re.findall(r"\b([a-z_.]+:[A-Za-z_.]+)\b", TEXT)))
PATHS = sorted(set(re.findall(r"`((?:service|tests|bench|config)/[\w./]*)`", TEXT)))


@pytest.mark.parametrize("call", CALLS)
def test_each_call_on_a_list_s_way_is_a_name_that_leads_on(call: str) -> None:
    module, _, path = call.partition(":")

    assert callable(reduce(getattr, path.split("."), import_module(f"service.{module}")))


@pytest.mark.parametrize("path", PATHS)
def test_each_file_and_folder_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_table_is_said_to_hold_something_and_no_other() -> None:
    section = TEXT.partition("## Tables")[2].partition("## ")[0]

    assert sorted(re.findall(r"`(\w+)`", section)) == sorted(metadata.tables)


def test_the_page_names_both_ways_and_the_likely_changes() -> None:
    assert len(CALLS) > 15
    assert len(PATHS) > 30
