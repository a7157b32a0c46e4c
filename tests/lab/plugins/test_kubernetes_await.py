"""Waiting for objects that work, that do not, and that go."""

import time
from contextlib import AbstractContextManager, nullcontext
from threading import Event, Timer
from typing import Any, cast

import pytest

from lab.plugins import kubernetes_await
from lab.plugins.cluster import Cluster
from lab.plugins.commands import Commands
from lab.plugins.kubernetes_await import AwaitError, Waiter


class Answers:
    """A cluster that gives its answers in turn, the last one for ever."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.told = Event()

    def items(self, *_: str) -> list[dict[str, Any]]:
        """The next answer."""
        return list(self._next())

    def get(self, _: dict[str, Any]) -> dict[str, Any] | None:
        """The next answer."""
        found: dict[str, Any] | None = self._next()
        return found

    def watch(self, _: dict[str, Any]) -> AbstractContextManager[Event]:
        """Nothing tells of a change, unless `told` is set."""
        return nullcontext(self.told)

    def _next(self) -> Any:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often."""
    monkeypatch.setattr(kubernetes_await, "EVERY_SECONDS", 0.01)


def waiter(*answers: Any) -> Waiter:
    """Of a cluster with such answers."""
    return Waiter(cast("Cluster", Answers(*answers)), Commands())


def service(kind: str = "ClusterIP", **annotations: str) -> dict[str, Any]:
    """A Service."""
    metadata = {"name": "s", "namespace": "n", "annotations": annotations}
    return {"kind": "Service", "metadata": metadata, "spec": {"type": kind}}


def endpoints(*ready: bool) -> list[dict[str, Any]]:
    """Endpoints of one slice."""
    return [{"endpoints": [{"conditions": {"ready": one}} for one in ready]}]


def test_a_service_waits_for_an_endpoint() -> None:
    """It is done with the first endpoint that is ready; meanwhile it says once what it waits for."""
    said: list[str] = []
    waiter([], endpoints(False), endpoints(False, True)).wait(service(), 5, said.append)

    assert len(said) == 2
    assert "Finding Pods" in said[0]
    assert said[-1] == ""


def test_a_change_ends_the_waiting_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told to have changed is looked at right then, long before it would be by itself."""
    monkeypatch.setattr(kubernetes_await, "EVERY_SECONDS", 60.0)
    cluster = Answers([], endpoints(True))
    Timer(0.1, cluster.told.set).start()
    started = time.monotonic()
    Waiter(cast("Cluster", cluster), Commands()).wait(service(), 90, print)

    assert time.monotonic() - started < 30


def test_a_service_without_pods_fails_in_time() -> None:
    """The error names the Service and says what may be wrong with its selector."""
    with pytest.raises(AwaitError, match="'s' timed out waiting to be Ready") as failure:
        waiter([]).wait(service(), 0.05, print)

    assert ".spec.selector" in failure.value.problems[0]


def test_a_load_balancer_waits_for_an_address() -> None:
    """Its address has to be there too."""
    addressed = {"status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}

    waiter(endpoints(True), {}, endpoints(True), addressed).wait(service("LoadBalancer"), 5, print)
    with pytest.raises(AwaitError) as failure:
        waiter(*[endpoints(True), {}] * 100).wait(service("LoadBalancer"), 0.05, print)
    assert "not allocated an IP address" in failure.value.problems[0]


def test_some_things_are_not_waited_for() -> None:
    """Other kinds, Services without pods, and what is annotated work as soon as they are there."""
    alone = waiter(AssertionError)
    headless = service()
    headless["spec"]["clusterIP"] = "None"
    for thing in ({"kind": "ConfigMap", "metadata": {}}, service("ExternalName"), headless):
        assert alone.wait(thing, 5, print) is thing
    assert alone.wait(service(**{"pulumi.com/skipAwait": "true"}), 5, print)


def test_a_deployment_that_is_deleted_meanwhile_is_told() -> None:
    """It is waited for, since it may come back."""
    thing = {"kind": "Deployment", "metadata": {"name": "d", "namespace": "n"}}
    with pytest.raises(AwaitError) as failure:
        waiter([]).wait(thing, 0.05, print)

    assert failure.value.problems == ["it was deleted"]


def test_the_time_to_wait_is_the_operations_or_the_annotations() -> None:
    """A timeout of 0 is none: then the annotation counts."""
    started = time.monotonic()
    with pytest.raises(AwaitError):
        waiter([]).wait(service(**{"pulumi.com/timeoutSeconds": "1"}), 0, print)

    assert 1 <= time.monotonic() - started < 10


def test_what_is_deleted_is_waited_for() -> None:
    """Until nothing is left, or the time is over."""
    waiter(service(), service(), None).wait_until_gone(service(), 5, print)
    with pytest.raises(AwaitError, match="Service 's' still exists"):
        waiter(service()).wait_until_gone(service(), 0.05, print)
