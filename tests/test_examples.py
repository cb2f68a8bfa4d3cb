"""
The files under config/ that people copy: each is read, and holds only names that exist.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.app.metrics import Metrics
from service.core.state import State
from service.publishing.target_status import TargetStatus
from service.settings.load import load_settings
from service.settings.model import Settings
from tests.app.test_metrics import numbers
from tests.core.given import conference, listed
from tests.core.story import Story

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "config"
SECRETS = ("pin", "admin-token", "cloud", "secret")


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


def test_the_compose_file_with_replicas_gives_all_of_them_one_secret(secrets: Path) -> None:
    text = (CONFIG / "compose.replicas.yaml").read_text().replace("!reset []", "[]")
    compose = yaml.safe_load(text)
    confcal = compose["services"]["confcal"]

    assert settings_of(confcal["environment"], secrets).secret
    assert confcal["deploy"]["replicas"] == 2
    assert set(confcal["secrets"]) == set(compose["secrets"])


def test_the_manifests_with_replicas_share_a_secret_and_a_database(secrets: Path) -> None:
    by_kind = {document["kind"]: document for document in documents("kubernetes.replicas.yaml")}
    deployment = by_kind["Deployment"]["spec"]
    pod = deployment["template"]["spec"]
    (container,) = pod["containers"]

    settings = settings_of(by_kind["ConfigMap"]["data"], secrets)

    assert settings.secret
    assert settings.database_url
    assert deployment["replicas"] == 2
    assert by_kind["PodDisruptionBudget"]["spec"]["minAvailable"] == 1
    assert set(by_kind["Secret"]["stringData"]) == {"pin", "admin-token", "secret", "database-url"}
    assert {mount["name"] for mount in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}


def test_the_toml_example_is_understood(secrets: Path) -> None:
    text = (CONFIG / "confcal.toml.example").read_text().replace("/run/secrets", str(secrets))
    file = secrets / "confcal.toml"
    file.write_text(text)

    settings = load_settings({"CONFCAL_CONFIG_FILE": str(file)})

    assert set(settings.sources) == {"lobby", "hall"}
    assert settings.targets["cloud"].password
    assert settings.calendars["room-7"].redact == "busy"


def alerts() -> Iterator[Any]:
    (rules,) = documents("alerts.yaml")
    for group in rules["groups"]:
        yield from group["rules"]


@pytest.mark.parametrize("alert", list(alerts()), ids=[alert["alert"] for alert in alerts()])
def test_an_alert_asks_for_numbers_that_there_are(alert: Any) -> None:
    story = Story()
    metrics = Metrics(lambda: story.state, lambda: [TargetStatus("cloud", "all")])
    snapshot = listed(conference("1"))
    metrics.sources.count_list(snapshot, story.records(snapshot))
    there = {name.partition("{")[0] for name in numbers(metrics)} | {"up"}
    if "confcal_source_up" in alert["expr"]:
        # Told by the source itself, before its first list.
        there.add("confcal_source_up")

    named = set(re.findall(r"\b(?:confcal_\w+|up\b)", alert["expr"]))

    assert named
    assert named <= there


def test_each_metric_of_the_state_is_there_from_the_start() -> None:
    assert {"confcal_accounts", "confcal_conferences", "confcal_held_lists"} <= set(numbers(Metrics(State)))


def test_the_systemd_unit_starts_with_its_settings() -> None:
    lines = (CONFIG / "confcal.service").read_text().splitlines()
    (given,) = (line.partition("=")[2] for line in lines if line.startswith("Environment="))

    settings = load_settings(dict(each.split("=", 1) for each in given.split()))

    assert str(settings.data_dir) == "/var/lib/confcal"
    assert "StateDirectory=confcal" in lines


def anchors(page: Path) -> set[str]:
    """Return what a link may name behind # in a page, as its headings give it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text())

    lost = [
        f"{file}#{anchor}"
        for file, anchor in links
        if not (there := page.parent / file if file else page).exists()
        or (anchor and anchor not in anchors(there))
    ]

    assert lost == []


def test_every_page_for_operators_is_linked_from_the_front_page() -> None:
    pages = {f"docs/operations/{page.name}" for page in (ROOT / "docs/operations").glob("*.md")}
    russian = {page for page in pages if page.endswith(".ru.md")}
    translated = {page.replace(".ru.md", ".md") for page in russian}

    for name, wanted in (("README.md", pages - russian), ("README.ru.md", pages - translated)):
        assert wanted <= set(re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text()))


BESIDE = re.compile(r"\bconfcal (?:feeds|plan|held|approve|rejected|replay|purge|backup|check|migrate)\b")
INSIDE = re.compile(r"docker|kubectl|CONFCAL_DATA_DIR=|To let them go:")
"""Where the daemon's settings are there, or another installation is meant, or confcal itself speaks."""


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_a_command_beside_the_daemon_is_shown_with_the_daemons_settings(page: Path) -> None:
    lines = [line for block in page.read_text().split("```")[1::2] for line in block.splitlines()]

    assert [line for line in lines if BESIDE.search(line) and not INSIDE.search(line)] == []


def test_the_systemd_unit_and_the_compose_file_show_it_too() -> None:
    for name in ("confcal.service", "compose.yaml"):
        assert "--env-file" in (CONFIG / name).read_text()
