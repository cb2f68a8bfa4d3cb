"""
The files under config/ that people copy: each is read, and holds only names that exist.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.core.known import State
from service.environment import load_settings
from service.metrics import Metrics
from service.settings import Settings
from service.upkeep import UpkeepStatus
from tests.core.given import conference, listed
from tests.core.story import Story
from tests.test_metrics import numbers

CONFIG = Path(__file__).parent.parent / "config"
SECRETS = ("pin", "admin-token", "cloud")


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    for name in SECRETS:
        (tmp_path / name).write_text(f"the secret named {name}\n")
    (tmp_path / "database-url").write_text("postgresql://confcal:password@postgres/confcal\n")
    return tmp_path


def settings_of(environment: dict[str, str], secrets: Path) -> Settings:
    return load_settings(
        {name: re.sub(r"^/run/secrets(/confcal)?", str(secrets), v) for name, v in environment.items()}
    )


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((CONFIG / name).read_text()))


def test_the_compose_file_starts_with_its_settings(secrets: Path) -> None:
    (compose,) = documents("compose.yaml")
    service = compose["services"]["confcal"]

    settings = settings_of(service["environment"], secrets)

    assert settings.sources["lobby"].pin
    assert settings.admin_token
    assert set(service["secrets"]) == set(compose["secrets"])
    assert {volume.partition(":")[0] for volume in service["volumes"]} == set(compose["volumes"])


def test_the_compose_file_with_postgres_migrates_before_it_starts(secrets: Path) -> None:
    (compose,) = documents("compose.postgres.yaml")
    confcal, migrate = compose["services"]["confcal"], compose["services"]["migrate"]

    assert confcal["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert migrate["command"] == ["migrate"]
    databases = [settings_of(each["environment"], secrets).database_url for each in (confcal, migrate)]
    assert databases[0]
    assert databases[0] == databases[1]
    named = {name for service in compose["services"].values() for name in service["secrets"]}
    assert named == set(compose["secrets"])


def test_the_manifests_start_with_their_settings(secrets: Path) -> None:
    by_kind = {document["kind"]: document for document in documents("kubernetes.yaml")}
    pod = by_kind["StatefulSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    settings = settings_of(by_kind["ConfigMap"]["data"], secrets)

    assert settings.sources["lobby"].pin
    assert not pod["enableServiceLinks"]
    assert set(by_kind["Secret"]["stringData"]) == {"pin", "admin-token"}
    claims = {claim["metadata"]["name"] for claim in by_kind["StatefulSet"]["spec"]["volumeClaimTemplates"]}
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == claims | volumes


def test_the_toml_example_is_understood(secrets: Path) -> None:
    text = (CONFIG / "confcal.toml.example").read_text().replace("/run/secrets", str(secrets))
    file = secrets / "confcal.toml"
    file.write_text(text)

    settings = load_settings({"CONFCAL_CONFIG_FILE": str(file)})

    assert set(settings.sources) == {"lobby", "hall"}
    assert settings.targets["cloud"].password
    assert settings.calendars["ivanov"].redact == "busy"


def alerts() -> Iterator[Any]:
    (rules,) = documents("alerts.yaml")
    for group in rules["groups"]:
        yield from group["rules"]


@pytest.mark.parametrize("alert", list(alerts()), ids=[alert["alert"] for alert in alerts()])
def test_an_alert_asks_for_numbers_that_there_are(alert: Any) -> None:
    story = Story()
    metrics = Metrics(lambda: story.state, lambda: [UpkeepStatus("cloud", "all")])
    snapshot = listed(conference("1"))
    metrics.accepted(snapshot, story.records(snapshot))
    there = {name.partition("{")[0] for name in numbers(metrics)} | {"up"}
    if "confcal_source_up" in alert["expr"]:
        # Told by the source itself, before its first list.
        there.add("confcal_source_up")

    named = set(re.findall(r"\b(?:confcal_\w+|up\b)", alert["expr"]))

    assert named
    assert named <= there


def test_each_metric_of_the_state_is_there_from_the_start() -> None:
    assert {"confcal_accounts", "confcal_conferences", "confcal_held_lists"} <= set(numbers(Metrics(State)))
