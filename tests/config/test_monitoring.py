"""
The dashboard and the alerts ask for numbers that there are, in queries that Prometheus understands.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.app.metrics import Metrics
from service.core.state import State
from service.publishing.target_status import TargetStatus
from tests.config.tools import need

CONFIG = Path(__file__).parent.parent.parent / "config"
DASHBOARD = json.loads((CONFIG / "grafana-dashboard.json").read_text("utf-8"))


def queries() -> Iterator[tuple[str, str]]:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def metric_names() -> set[str]:
    metrics = Metrics(State, lambda: [TargetStatus("cloud", "all")])
    return set(re.findall(r"^# TYPE (\w+) ", metrics.render().decode(), re.MULTILINE))


@pytest.mark.parametrize("query", [query for _, query in queries()])
def test_each_query_of_the_dashboard_asks_for_numbers_that_there_are(query: str) -> None:
    named = set(re.findall(r"confcal_\w+|\bup\b", query))

    assert named
    assert named <= metric_names() | {"up"}


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {name for _, query in queries() for name in re.findall(r"confcal_\w+", query)}
    left_out = {
        # The tests of the alerts and the counts of a source show the same.
        "confcal_source_held_conferences",
        "confcal_target_up",
        "confcal_target_last_pass_timestamp_seconds",
        "confcal_build_info",
    }

    assert {name for name in metric_names() if not name.endswith("_created")} - shown <= left_out


def test_prometheus_understands_each_query_of_the_dashboard(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": query.replace("$job", "confcal")}
        for number, (_, query) in enumerate(queries())
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))

    done = promtool("check", "rules", file)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout


def test_grafana_finds_what_it_needs_in_the_dashboard() -> None:
    assert DASHBOARD["schemaVersion"] >= 36
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD["panels"])))
    assert used <= variables
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert panel["type"] in {"timeseries", "stat"}
        assert {"title", "description", "datasource", "fieldConfig", "targets"} <= panel.keys()
        refs = [target["refId"] for target in panel["targets"]]
        assert len(refs) == len(set(refs))


KNOWN = {
    "dashboard": {
        *("__inputs", "uid", "title", "tags", "schemaVersion", "version", "editable", "refresh", "timezone"),
        *("time", "templating", "panels"),
    },
    "panel": {
        *("id", "type", "title", "description", "datasource", "gridPos", "fieldConfig", "options", "targets"),
    },
    "target": {"refId", "expr", "legendFormat", "datasource", "instant", "range", "format", "interval"},
    "variable": {
        *(
            "name",
            "type",
            "query",
            "label",
            "datasource",
            "refresh",
            "current",
            "regex",
            "multi",
            "includeAll",
        ),
    },
    "defaults": {"unit", "min", "max", "decimals", "mappings", "thresholds", "custom", "noValue", "color"},
}
"""What Grafana reads of each of them (its dashboard JSON model); other names it passes over silently."""

UNITS = {
    "short",
    "s",
    "dtdurations",
    "dateTimeFromNow",
    "percentunit",
    "bytes",
    "ops",
    "none",
    "bool",
    "bool_yes_no",
}


def test_grafana_reads_every_name_in_the_dashboard() -> None:
    panels = DASHBOARD["panels"]
    found = {
        "dashboard": [DASHBOARD],
        "panel": panels,
        "target": [target for panel in panels for target in panel["targets"]],
        "variable": DASHBOARD["templating"]["list"],
        "defaults": [panel["fieldConfig"]["defaults"] for panel in panels],
    }

    for kind, parts in found.items():
        assert {name for part in parts for name in part} <= KNOWN[kind], kind
    assert {part["unit"] for part in found["defaults"] if "unit" in part} <= UNITS
    assert all(set(panel["fieldConfig"]) == {"defaults", "overrides"} for panel in panels)
    assert all(panel["gridPos"].keys() == {"x", "y", "w", "h"} for panel in panels)
    assert all(panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"} for panel in panels)


def test_no_panel_lies_on_another() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        mine = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & mine, panel["title"]
        cells |= mine


def test_each_alert_fires_when_it_should_and_not_before() -> None:
    done = promtool("test", "rules", CONFIG / "alerts.test.yaml")

    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_a_test() -> None:
    def names(file: str, key: str) -> set[str]:
        return set(re.findall(rf"{key}: (\w+)", (CONFIG / file).read_text()))

    assert names("alerts.yaml", "alert") == names("alerts.test.yaml", "alertname")


def promtool(*arguments: object) -> Any:
    command = [need("promtool", "prometheus"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
