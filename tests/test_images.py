"""The image and the containers: pinned, held tight, and each with a check of its health."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from services.base.settings import Settings
from services.watch.rules import load_rules

ROOT = Path(__file__).parents[1]
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
# The learner comes with the worker.
ROLES = sorted(Settings.model_fields["roles"].default)
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
SIZES = {"m": 2**20, "g": 2**30}


def test_there_is_a_container_for_each_role():
    assert sorted(SERVICES) == ROLES


@pytest.mark.parametrize("role", ROLES)
def test_a_container_is_held_tight_and_checked(role):
    service = SERVICES[role]
    assert service["command"] == ["python", "-m", "services.roles.supervisor", role]
    check = service["healthcheck"]["test"]
    assert check == ["CMD", "python", "-m", "services.roles.supervisor", "--check", role]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] <= 512


def test_people_are_told_of_memory_before_a_container_is_ended_for_it():
    rules = {rule.name: rule for rule in load_rules().rule}
    for roles, container, processes in (
        (["web"], "web", 2),
        (["worker", "learner"], "worker", 1),
        (["camera"], "camera", 1),
        (["trends"], "trends", 1),
    ):
        limit = SERVICES[container]["mem_limit"]
        told = sum(rules[f"memory-of-{role}"].above for role in roles) * processes
        assert int(limit[:-1]) * SIZES[limit[-1]] > told


def test_the_watch_asks_for_pages_where_they_are():
    assert SERVICES["watch"]["environment"]["TRAFFIC_WEB_URL"] == "http://web:8050"


def test_the_image_is_made_of_one_that_never_changes_and_runs_without_rights():
    assert re.findall(r"^FROM .*$", DOCKERFILE, re.MULTILINE) == re.findall(
        r"^FROM [a-z0-9.:/-]+@sha256:[0-9a-f]{64}$", DOCKERFILE, re.MULTILINE
    )
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001"]
    # Nothing can be compiled later where nothing can be written.
    assert "pip install --no-cache-dir --compile " in DOCKERFILE
    assert "python -m compileall" in DOCKERFILE
