"""The manifests of Kubernetes: held tight, and told what settings, rules and each other know."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import kubernetes_validate
import pytest
import yaml
from pydantic import SecretStr

from services.base.settings import PREFIX, HostRole, Settings, load_settings
from services.metrics.shared_directory import roles_off
from services.watch.rules import load_rules

DEPLOY = Path(__file__).parents[1] / "deploy"
KUSTOMIZATION = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text("utf-8"))
OBJECTS: list[dict[str, Any]] = [
    item
    for name in KUSTOMIZATION["resources"]
    for item in yaml.safe_load_all((DEPLOY / name).read_text("utf-8"))
]
SIZES = {"Mi": 2**20, "Gi": 2**30}


def of_kind(kind):
    return {item["metadata"]["name"]: item for item in OBJECTS if item["kind"] == kind}


DEPLOYMENTS = of_kind("Deployment") | of_kind("StatefulSet")
PODS = {name: item["spec"]["template"]["spec"] for name, item in DEPLOYMENTS.items()}
LABELS = {
    name: item["spec"]["template"]["metadata"]["labels"] for name, item in DEPLOYMENTS.items()
}
OWN = sorted(PODS.keys() - {"proxy"})


def container(name):
    [only] = PODS[name]["containers"]
    return only


def chosen(selector):
    """The deployments that a selector of pods chooses."""
    labels = selector.get("matchLabels", {})
    wanted = {rule["key"]: rule["values"] for rule in selector.get("matchExpressions", [])}
    return {
        name
        for name, has in LABELS.items()
        if labels.items() <= has.items()
        and all(has.get(key) in values for key, values in wanted.items())
    }


def size(text):
    return int(text[:-2]) * SIZES[text[-2:]]


@pytest.mark.parametrize(
    "item", OBJECTS, ids=lambda item: f"{item['kind']}-{item['metadata']['name']}"
)
def test_an_object_is_what_kubernetes_takes(item):
    kubernetes_validate.validate(item, "1.37", strict=True)


def test_every_manifest_is_applied():
    written = {f"kubernetes/{path.name}" for path in (DEPLOY / "kubernetes").glob("*.yaml")}
    assert set(KUSTOMIZATION["resources"]) == written
    for generated in KUSTOMIZATION["configMapGenerator"]:
        assert all((DEPLOY / name).is_file() for name in generated["files"])


@pytest.mark.parametrize("name", PODS)
def test_a_pod_has_no_more_rights_than_it_needs(name):
    pod, box = PODS[name], container(name)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert box["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    # Of a container that may write all over the node's disk, the node suffers.
    assert {"memory", "ephemeral-storage"} <= box["resources"]["limits"].keys()
    assert all(
        "sizeLimit" in volume["emptyDir"] for volume in pod["volumes"] if "emptyDir" in volume
    )


@pytest.mark.parametrize("name", OWN)
def test_a_pod_runs_its_role_beside_a_watch_and_is_asked_whether_it_lives(name):
    box = container(name)
    assert box["args"] == ["python", "-m", "services.roles.supervisor"]
    # By the setting, which its watch knows too: it misses nothing that other pods run.
    [roles] = [item["value"] for item in box["env"] if item["name"] == "TRAFFIC_ROLES"]
    off = roles_off(load_settings(roles=roles, learner="elsewhere", _env_file=None))
    # What answers questions to the history is reached through a socket: it runs where pages are.
    beside = {"web": {"trends"}}.get(name, set())
    assert set(get_args(HostRole)) - off == {name, "watch"} | beside
    assert {"startupProbe", "livenessProbe"} <= box.keys()
    assert any(image["name"] == box["image"] for image in KUSTOMIZATION["images"])


def test_a_pod_takes_visitors_only_while_it_can_serve_them():
    assert container("web")["readinessProbe"]["httpGet"]["path"] == "/readyz"
    # A database or a bucket that is away must not have pods killed that still show what they have.
    assert container("web")["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_people_are_told_of_memory_before_a_pod_is_ended_for_it():
    rules = {rule.name: rule for rule in load_rules().rule}
    for role, processes in (("web", 2), ("worker", 1), ("learner", 1), ("camera", 1)):
        limit = size(container(role)["resources"]["limits"]["memory"])
        told = rules[f"memory-of-{role}"].above * processes
        assert limit > told + (rules["memory-of-trends"].above if role == "web" else 0)


def test_settings_are_those_there_are_and_secrets_lie_apart():
    told = of_kind("ConfigMap")["traffic-settings"]["data"]
    example = (DEPLOY / "kubernetes" / "secret.example.env").read_text("utf-8")
    secrets = re.findall(r"^(\w+)=", example, re.MULTILINE)
    kinds = {
        f"{PREFIX}{name.upper()}": SecretStr in getattr(field.annotation, "__args__", ())
        for name, field in Settings.model_fields.items()
    }
    assert all(kinds[name] is False for name in told)
    for name in OWN:
        env = {item["name"]: item for item in container(name)["env"]}
        assert all(kinds[setting] is False for setting in env)
    assert all(kinds[name] is True for name in secrets)
    assert all(
        {"secretRef": {"name": "traffic-secrets"}} in container(name)["envFrom"] for name in OWN
    )


def test_incidents_of_two_pods_are_two_and_are_found_again_by_the_next_pod_of_a_name():
    for name in OWN:
        told = {item["name"]: item for item in container(name)["env"]}["TRAFFIC_HOST_NAME"]
        if DEPLOYMENTS[name]["kind"] == "StatefulSet":
            assert told["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
            assert DEPLOYMENTS[name]["spec"]["serviceName"] in of_kind("Service")
        else:
            assert told["value"] == name
            assert DEPLOYMENTS[name]["spec"]["replicas"] == 1
            # Never two at a time.
            assert DEPLOYMENTS[name]["spec"]["strategy"] == {"type": "Recreate"}


def test_a_service_leads_to_pods_that_listen():
    for item in of_kind("Service").values():
        [name] = chosen({"matchLabels": item["spec"]["selector"]})
        if item["spec"].get("clusterIP") == "None":
            continue
        listening = {port["name"] for port in container(name)["ports"]}
        assert {port["targetPort"] for port in item["spec"]["ports"]} <= listening


def test_an_upkeep_of_nodes_leaves_pages_served():
    for name, least in (("web", 2), ("proxy", 1)):
        budget = of_kind("PodDisruptionBudget")[name]["spec"]
        assert chosen(budget["selector"]) == {name}
        assert budget["minAvailable"] == least < DEPLOYMENTS[name]["spec"]["replicas"]


def test_nothing_talks_to_anything_but_where_a_policy_says_so():
    policies = of_kind("NetworkPolicy")
    nothing = policies["nothing"]["spec"]
    assert nothing == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for item in policies.values():
        assert chosen(item["spec"]["podSelector"])
    # Who may be talked to listens there, for who may talk.
    for sender, receiver in (("proxy", "web"), ("worker", "web"), ("web", "camera")):
        [port] = [item["containerPort"] for item in container(receiver)["ports"]]
        ways_out = policies[sender]["spec"]["egress"]
        ways_in = policies[receiver]["spec"]["ingress"]
        for rules, end, other in ((ways_out, "to", receiver), (ways_in, "from", sender)):
            assert any(
                {"protocol": "TCP", "port": port} in rule["ports"]
                and any(
                    chosen(peer.get("podSelector", {"matchLabels": {"role": ""}})) == {other}
                    for peer in rule[end]
                )
                for rule in rules
            )
