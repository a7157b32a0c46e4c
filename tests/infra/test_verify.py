"""Which questions `make verify` asks of a stack, and what it says; the questions' own modules have their own tests."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra import live_objects, live_pods, live_process, pods, stack_state, verify
from infra.finding import Finding
from infra.project import declared_defaults
from infra.rest import NoAnswerError
from infra.stack_state import StackError, StackState
from model import document, manifest
from model.manifest import Manifest
from model.remote_store import RemoteStore
from model.store import ArtifactStore, Store, open_store
from tests.infra import test_registry
from tests.model import samples

DYNAMIC = "pulumi-python:dynamic/mymodel"


@pytest.fixture
def stored(tmp_path: Path) -> tuple[ArtifactStore, Manifest]:
    """A store with one model."""
    store = ArtifactStore(tmp_path / "store")
    with store.staging() as staged:
        made = samples.manifest(samples.artifact(staged))
        store.publish(staged, made)
    return store, made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which of the live things were asked; each is as declared."""
    names: list[str] = []

    def ask(name: str) -> Any:
        def findings(*_: object, **__: object) -> list[Finding]:
            names.append(name)
            return []

        return findings

    monkeypatch.setattr(live_objects, "findings", ask("object"))
    monkeypatch.setattr(live_pods, "findings", ask("pods"))
    monkeypatch.setattr(live_process, "findings", ask("process"))
    monkeypatch.setattr(pods, "connect", lambda kubeconfig, context: names.append(f"connect {kubeconfig}{context}"))
    return names


@pytest.fixture
def registry() -> Iterator[test_registry.Registry]:
    """A registry with one image."""
    with test_registry.running() as made:
        yield made


def state(found: Manifest, store: Store, *resources: dict[str, Any]) -> StackState:
    """The state of a stack that serves a model, with these resources beside the check."""
    check = {"digest": found.digest, "artifactStore": store.location, "namespace": "ns", "app": "m-serving"}
    outputs = {"modelDigest": found.digest, "fingerprint": found.fingerprint}
    return StackState(
        "dev",
        [
            {"urn": "s", "type": "pulumi:pulumi:Stack", "outputs": outputs},
            {"urn": "m", "type": f"{DYNAMIC}:TrainedModel", "inputs": {}},
            {"urn": "p", "type": f"{DYNAMIC}:PredictionCheck", "inputs": check},
            *resources,
        ],
    )


def of_kubernetes(image: str) -> tuple[dict[str, Any], ...]:
    """The resources of a stack of target kubernetes."""
    spec = {"replicas": 2, "template": {"spec": {"containers": [{"name": "model-server", "image": image}]}}}
    return (
        {"urn": "i", "type": "docker:index/image:Image", "inputs": {}},
        {"urn": "k", "type": "pulumi:providers:kubernetes", "inputs": {"context": "lab"}},
        {"urn": "d", "type": "kubernetes:apps/v1:Deployment", "inputs": {"spec": spec}},
        {"urn": "v", "type": "kubernetes:core/v1:Service", "inputs": {}},
    )


LOCAL = {"urn": "l", "type": f"{DYNAMIC}:LocalServer", "inputs": {}}


def findings(of: StackState, store: ArtifactStore) -> list[str]:
    """What is found, as it is printed."""
    config = declared_defaults() | {"artifactStore": str(store.folder)}
    return [str(found) for found in verify.findings(of, config)]


def test_a_local_stack_is_asked_for_store_and_process(stored: tuple[ArtifactStore, Manifest], asked: list[str]) -> None:
    """A stack without a Deployment has a process, and neither a registry nor a cluster is asked."""
    store, found = stored

    assert findings(state(found, store, LOCAL), store) == []
    assert asked == ["process"]


def test_a_kubernetes_stack_is_asked_for_all_of_it(
    stored: tuple[ArtifactStore, Manifest], asked: list[str], registry: test_registry.Registry
) -> None:
    """Both objects, the pods and the registry, in the cluster that the state names."""
    store, found = stored
    image = f"{registry.host}/team/m-serving@{test_registry.DIGEST}"

    assert findings(state(found, store, *of_kubernetes(image)), store) == []
    assert asked == ["connect lab", "object", "object", "pods"]
    assert registry.asked == [f"/v2/team/m-serving/manifests/{test_registry.DIGEST}"]


@pytest.mark.usefixtures("asked")
def test_an_image_that_is_gone_is_built_again(
    stored: tuple[ArtifactStore, Manifest], registry: test_registry.Registry
) -> None:
    """The remedy names the image's resource; one that cannot be asked for is no pass either."""
    store, found = stored
    gone = f"{registry.host}/team/m-serving@sha256:{'00' * 32}"

    assert findings(state(found, store, *of_kubernetes(gone)), store) == [
        f"image {gone} is gone from its registry; mend it: pulumi up --stack dev --replace i"
    ]
    silent = f"127.0.0.1:1/m@{test_registry.DIGEST}"
    assert findings(state(found, store, *of_kubernetes(silent)), store)[0].startswith(
        f"whether the registry has {silent} is not known"
    )


@pytest.mark.usefixtures("asked")
def test_a_damaged_store_is_found(stored: tuple[ArtifactStore, Manifest]) -> None:
    """A changed file, an edited manifest, another training's record and a lost one are each named."""
    store, found = stored
    served = state(found, store, LOCAL)
    path = store.folder / found.digest
    manifest.write(path / "manifest.json", replace(found, duration_seconds=9.0))
    (edited,) = findings(served, store)
    assert edited.startswith(f"artifact {found.digest[:12]}: its manifest.json and the record of its training differ")
    assert edited.endswith(f"mend it: rm -r {path} && pulumi up --stack dev")

    (path / "model" / "saved_model.pb").write_text("other", encoding="utf-8")
    assert "saved_model.pb was altered; mend it: pulumi up --stack dev" in findings(served, store)[0]
    (store.folder / "fingerprints" / f"{found.fingerprint}.json").unlink()
    assert "has no training" in findings(served, store)[0]


@pytest.mark.usefixtures("asked")
def test_a_damaged_store_at_a_url_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is at the URL; the working copy, filled from there on use, is neither asked nor filled."""
    url = f"memory://{tmp_path.name}"
    monkeypatch.setattr(verify, "ROOT", tmp_path / "project")
    store = open_store(url, tmp_path / "elsewhere")
    assert isinstance(store, RemoteStore)
    with store.staging() as staged:
        found = samples.manifest(samples.artifact(staged))
        store.publish(staged, found)
    served, config = state(found, store, LOCAL), declared_defaults() | {"artifactStore": url}
    assert verify.findings(served, config) == []
    assert not (tmp_path / "project").exists()

    store.files.replace(f"{found.digest}/manifest.json", document.dumps(replace(found, duration_seconds=9.0)).encode())
    (edited,) = verify.findings(served, config)
    assert edited.mend == (
        f"remove {found.digest}/manifest.json and fingerprints/{found.fingerprint}.json at {url}, "
        "then pulumi up --stack dev"
    )
    store.files.replace(f"{found.digest}/model/saved_model.pb", b"other")
    assert f"saved_model.pb was altered in {url}" in verify.findings(served, config)[0].found


@pytest.mark.usefixtures("asked")
def test_another_result_of_the_same_training_is_found(stored: tuple[ArtifactStore, Manifest]) -> None:
    """A store whose record names another digest than the one that serves is told of."""
    store, found = stored
    served = state(replace(found, digest="cd" * 32), store, LOCAL)

    assert f"the training's result in the store is {found.digest[:12]}, not cdcdcdcdcdcd" in findings(served, store)[0]


def test_what_cannot_be_asked_is_no_pass(
    stored: tuple[ArtifactStore, Manifest], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster that does not answer is a finding, and the other questions are asked all the same."""
    store, found = stored

    def silent(*_: object) -> Any:
        raise NoAnswerError("the cluster does not answer")

    monkeypatch.setattr(live_process, "findings", silent)
    assert findings(state(found, store, LOCAL), store) == [
        "the cluster does not answer; mend it: see that it can be reached, then ask again"
    ]
    assert asked == []


def test_a_stack_that_serves_nothing_is_refused(stored: tuple[ArtifactStore, Manifest]) -> None:
    """Without a check in the state there is nothing to hold anything to."""
    with pytest.raises(StackError, match="serves nothing that was checked; serve a model: pulumi up --stack dev"):
        findings(StackState("dev", []), stored[0])


def test_the_command_says_what_it_found(
    stored: tuple[ArtifactStore, Manifest], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line a finding and status 1; one line and status 0 where there is none; one on stderr for an error."""
    store, found = stored
    monkeypatch.setattr(stack_state, "state", lambda _: state(found, store))
    monkeypatch.setattr(stack_state, "configuration", lambda _: {})
    monkeypatch.setattr(verify, "findings", lambda *_: [Finding("a", "b"), Finding("c", "d")])
    assert verify.main(["dev"]) == 1
    assert capsys.readouterr().out == "dev: a; mend it: b\ndev: c; mend it: d\n"

    monkeypatch.setattr(verify, "findings", lambda *_: [])
    assert verify.main(["dev"]) == 0
    assert capsys.readouterr().out.startswith(f"dev: all is as declared: model {found.digest[:12]} answers")

    def refuse(_: str) -> Any:
        raise StackError("no")

    monkeypatch.setattr(stack_state, "state", refuse)
    assert verify.main(["dev"]) == 1
    assert capsys.readouterr().err == "error: no\n"
    assert verify.main([]) == 2
