"""compose.yaml, as far as it can be told without docker: each profile is one whole service."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from qwen3tts_daemon.environment import ENV_PREFIX, KNOWN
from qwen3tts_daemon.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
STAGES = set(re.findall(r"(?m)^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text()))
ARGUMENTS = set(re.findall(r"(?m)^ARG (\w+)", (ROOT / "Dockerfile").read_text()))


def is_an_option(dotted: str) -> bool:
    """Of the daemon, such as `http.port`."""
    model: Any = Settings
    for name in dotted.split("."):
        if name not in getattr(model, "model_fields", {}):
            return False
        model = model.model_fields[name].annotation
    return True


def test_every_profile_is_one_service_of_its_name() -> None:
    """So no two of them meet at the ports."""
    assert {name: service["profiles"] for name, service in SERVICES.items()} == {name: [name] for name in SERVICES}


def test_whatever_it_reads_may_be_unset() -> None:
    """Comments aside, each `${NAME` has a default."""
    uses = re.findall(r"\$\{(\w+)(:?-)?", re.sub(r"(?m)(^|\s)#.*$", "", TEXT))
    assert uses
    assert all(default == ":-" for _, default in uses)
    assert "$" not in re.sub(r"\$\{\w+:-[^}]*\}", "", TEXT)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_built_from_a_stage_that_there_is(name: str) -> None:
    build = SERVICES[name]["build"]
    assert build["target"] in STAGES
    assert build.get("args", {}).keys() <= ARGUMENTS
    assert SERVICES[name]["image"] == f"qwen3tts-daemon:{build['target']}"


@pytest.mark.parametrize("name", SERVICES)
def test_what_it_hands_to_the_daemon_the_daemon_knows(name: str) -> None:
    known = {variable.name for variable in KNOWN}
    for variable in SERVICES[name]["environment"]:
        own = variable.removeprefix(ENV_PREFIX).lower().replace("__", ".")
        assert variable in known or (variable.startswith(ENV_PREFIX) and is_an_option(own)), variable


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_closed_alike(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_on_the_hosts_network_or_publishes_its_ports(name: str) -> None:
    service = SERVICES[name]
    assert ("ports" in service) != (service.get("network_mode") == "host")


@pytest.mark.parametrize("name", SERVICES)
def test_its_volumes_are_declared(name: str) -> None:
    named = {volume.partition(":")[0] for volume in SERVICES[name]["volumes"] if volume[0] not in "$./"}
    assert named <= COMPOSE["volumes"].keys()


@pytest.mark.parametrize("name", SERVICES)
def test_a_card_is_reserved_where_the_image_is_for_one(name: str) -> None:
    assert ("deploy" in SERVICES[name]) == (SERVICES[name]["build"]["target"] not in ("cpu",))
