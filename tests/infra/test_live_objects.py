"""A live object against its declaration: which differences count, and the patch that undoes them."""

import copy
import json
import shlex
from typing import Any

import pytest

from infra.live_objects import findings, operations
from infra.rest import Answer, NoAnswerError

DECLARED: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "m-serving", "namespace": "ns", "labels": {"app": "m-serving"}},
    "spec": {"selector": {"app": "m-serving"}, "ports": [{"port": 8501, "nodePort": 30111}]},
    "__of_the_plugin": "left out",
}


class Cluster:
    """An API server with one Service; a dry run fills in a default and keeps what it had given out."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.live: dict[str, Any] | None = self.completed(DECLARED)
        self.refusal: Answer | None = None

    @staticmethod
    def completed(body: dict[str, Any]) -> dict[str, Any]:
        """An object with the cluster's defaults."""
        made = copy.deepcopy({key: body[key] for key in ("metadata", "spec")})
        made["spec"] |= {"clusterIP": "198.18.2.9"}
        for port in made["spec"]["ports"]:
            port.setdefault("protocol", "TCP")
        return made

    def ask(self, method: str, path: str, body: Any) -> Answer:
        """The answer of the API server; nothing is ever written."""
        self.asked.append((method, path))
        if self.refusal and method == "PUT":
            return self.refusal
        if self.live is None:
            return Answer(404, b"{}")
        assert method == "GET" or body.keys() == {"apiVersion", "kind", "metadata", "spec"}
        return Answer(200, json.dumps(self.live if method == "GET" else self.completed(body)).encode())

    def findings(self) -> list[str]:
        """What is found, as it is printed."""
        return [str(found) for found in findings(DECLARED, self.ask, "kubectl", "pulumi up --stack dev")]


@pytest.fixture
def cluster() -> Cluster:
    """A cluster in which all is as declared."""
    return Cluster()


def spec(cluster: Cluster) -> dict[str, Any]:
    """The live specification, to be changed by hand."""
    assert cluster.live
    found: dict[str, Any] = cluster.live["spec"]
    return found


def test_what_the_cluster_filled_in_is_no_difference(cluster: Cluster) -> None:
    """Defaults and given addresses are no drift; the object is only asked for, and replaced in a dry run."""
    assert cluster.findings() == []
    path = "/api/v1/namespaces/ns/services/m-serving"
    assert cluster.asked == [("GET", path), ("PUT", f"{path}?dryRun=All")]


def test_a_changed_field_is_for_pulumi(cluster: Cluster) -> None:
    """A declared field that has another value is shown with both, and `pulumi up --refresh` mends it."""
    spec(cluster)["ports"][0]["nodePort"] = 32000

    assert cluster.findings() == [
        "Service ns/m-serving: spec.ports.0.nodePort is 32000, declared 30111; mend it: pulumi up --stack dev --refresh"
    ]


def test_an_addition_is_undone_by_a_patch(cluster: Cluster) -> None:
    """An added key, which the plugin does not see, is named without its value, with the patch that removes it."""
    spec(cluster)["selector"]["example/added~"] = "hunter2"
    spec(cluster)["ports"][0]["nodePort"] = 32000
    (found,) = cluster.findings()

    assert "spec.selector.example/added~ was added" in found
    assert "hunter2" not in found
    command = shlex.split(found.partition("mend it: ")[2])
    assert command[:-1] == [
        *("kubectl", "--namespace", "ns", "patch", "service", "m-serving"),
        *("--type=json", "--patch"),
    ]
    assert json.loads(command[-1]) == [
        {"op": "replace", "path": "/spec/ports/0/nodePort", "value": 30111},
        {"op": "remove", "path": "/spec/selector/example~1added~0"},
    ]


def test_a_deleted_object_and_a_lost_label_are_found(cluster: Cluster) -> None:
    """What is gone is named, be it the object or one of its declared labels; other labels are anybody's."""
    assert cluster.live
    cluster.live["metadata"]["labels"] = {"other": "x"}
    assert cluster.findings()[0].startswith(
        "Service ns/m-serving: metadata.labels.app is not as declared; mend it: pul"
    )
    cluster.live = None
    assert cluster.findings() == ["Service ns/m-serving is gone; mend it: pulumi up --stack dev --refresh"]


def test_a_refusal_is_no_pass(cluster: Cluster) -> None:
    """A cluster that refuses the dry run has not said that all is well."""
    cluster.refusal = Answer(403, b'{"message": "services is forbidden"}')

    with pytest.raises(NoAnswerError, match="403: services is forbidden"):
        cluster.findings()


@pytest.mark.parametrize(
    ("live", "wanted", "steps"),
    [
        ({"a": 1}, {"a": 1}, []),
        ([1, 2, 3, 4], [1, 2], [("remove", "/3", None), ("remove", "/2", None)]),
        ([1, 2], [1, 2, 3], [("replace", "", [1, 2, 3])]),
        ([{"a": 1, "b": 2}], [{"a": 1}], [("remove", "/0/b", None)]),
        ({"a": None}, {"a": {}}, [("replace", "/a", {})]),
        ({}, {"a": [1]}, [("add", "/a", [1])]),
    ],
)
def test_the_steps_make_one_value_the_other(live: Any, wanted: Any, steps: list[tuple[str, str, Any]]) -> None:
    """Additions are removed last first, so that no step moves what a later one means."""
    found = operations(live, wanted, "")
    assert [(step["op"], step["path"], step.get("value")) for step in found] == steps
