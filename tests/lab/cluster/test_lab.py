"""The order of the whole, with every part that touches the machine replaced by one that only writes down its name."""

from pathlib import Path

import pytest

from lab.cluster import (
    base_image,
    certificates,
    control_plane,
    engine,
    firewall,
    kernel_settings,
    kubernetes_build,
    lab,
    leftovers,
    network,
    node,
    official_image,
    packages,
    registry,
)
from lab.cluster.places import Places
from lab.cluster.processes import Part
from lab.errors import SetupError

SLEEP = ["sleep", "60"]


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in order."""
    names: list[str] = []

    def replace(module: object, function: str, name: str, result: object = None) -> None:
        def recorded(*words: object, **options: object) -> object:
            told = [word for word in (*words, *options.items()) if isinstance(word, str | tuple)]
            names.append(" ".join([name, *map(str, told)]))
            return result

        monkeypatch.setattr(module, function, recorded)

    replace(packages, "install", "packages")
    replace(kernel_settings, "up", "kernel settings")
    replace(kernel_settings, "restore", "kernel settings back")
    for module in (registry, engine, certificates, control_plane, node, base_image, official_image):
        replace(module, "up", module.__name__.rpartition(".")[2])
    replace(network, "up", "network")
    replace(network, "remove", "remove")
    replace(network, "forget_pods", "forget pods")
    replace(kubernetes_build, "obtain", "build", tmp_path / "programs")
    replace(control_plane, "api_up", "api")
    replace(leftovers, "end_containers", "end")
    replace(leftovers, "unmount_all", "unmount")
    replace(leftovers, "remove_files", "files")
    replace(engine, "remove_bridges", "bridges")
    replace(firewall, "clean", "firewall")
    monkeypatch.setattr(engine, "version", lambda: None)
    return names


def test_up_goes_from_packages_to_the_base_image(done: list[str], places: Places) -> None:
    """Each step needs those before it: forwarding is on before Docker looks, the engine is there before the node."""
    lab.up(places, {})

    assert done == [
        "packages ('engine', False)",
        "kernel settings",
        "registry",
        "engine",
        "build",
        "network",
        "certificates",
        "control_plane",
        "node",
        "base_image",
        "official_image",
    ]
    assert places.kubectl.readlink().name == "kubectl"


@pytest.mark.usefixtures("done")
def test_up_links_the_kubectl_that_belongs_to_it(places: Places) -> None:
    """An older link is replaced; logs of the pods of a cluster that is gone go."""
    places.state.mkdir()
    places.kubectl.symlink_to("old")
    places.kubectl.with_name(".kubectl.new").symlink_to("of a make that was killed")
    (places.logs / "pods" / "one").mkdir(parents=True)

    lab.up(places, {})

    assert places.kubectl.readlink().parent.name == "programs"
    assert not (places.logs / "pods").exists()


@pytest.mark.parametrize("ours", [True, False])
def test_down_takes_everything_back(ours: bool, done: list[str], places: Places) -> None:  # noqa: FBT001 - a case
    """Processes first, then what they leave; what an engine left only if it was the lab's own."""
    for folder in (places.cluster, places.run, places.logs, places.registry, *([places.docker] if ours else [])):
        folder.mkdir(parents=True)
    places.kubeconfig.touch()
    for name in ("etcd", "kubelet"):
        Part(places, name).start(SLEEP)

    lab.down(places)

    docker = ["end ('docker',)", "bridges"] if ours else []
    devices = ["remove lab0", "remove lab-pods0"]
    last = [f"firewall ('docker', {ours})", "kernel settings back", "forget pods", "files"]
    assert done == ["end ('kubepods',)", *docker, "unmount", *devices, *last]
    left = {"logs", "registry", "lock"} | ({"docker"} if ours else set())
    assert {file.name for file in places.state.iterdir()} == left


def test_down_stops_every_process(places: Places, done: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The node before the control plane, the engine last."""
    names = ("engine", "registry", *control_plane.NAMES, *node.NAMES)
    for name in names:
        Part(places, name).start(SLEEP)

    lab.down(places)

    stopped = [line.removeprefix("Stopped ") for line in capsys.readouterr().err.splitlines() if "Stopped" in line]
    assert stopped[0] == "kube-proxy"
    assert stopped[-2:] == ["registry", "engine"]
    assert set(stopped) == set(names)
    assert all(Part(places, name).record() is None for name in names)
    assert done


def test_an_engine_that_answers_loses_the_name_it_was_lent(
    done: list[str], places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The official image's name is taken back while there still is an engine to take it from."""
    monkeypatch.setattr(engine, "version", lambda: "20.10")
    monkeypatch.setattr(official_image, "down", lambda: done.append("name back"))

    lab.down(places)

    assert done[0] == "name back"


def test_down_can_be_repeated(done: list[str], places: Places) -> None:
    """Where there is nothing, nothing fails."""
    lab.down(places)
    lab.down(places)

    assert done.count("unmount") == 2


def test_nothing_runs_is_a_status_too(
    done: list[str],  # noqa: ARG001 - no engine answers
    places: Places,
) -> None:
    """Every part is told, and none of them is well."""
    found = {condition.name: condition for condition in lab.conditions(places)}

    assert [*found] == ["engine", "registry", *control_plane.NAMES, *node.NAMES, "node", "base image"]
    assert not any(condition.well for condition in found.values())
    assert found["etcd"].detail == "does not run"


def test_a_part_that_runs_is_told_with_its_pid(done: list[str], places: Places) -> None:  # noqa: ARG001
    """A process of ours is well as long as it lives."""
    Part(places, "etcd").start(SLEEP)
    record = Part(places, "etcd").record()
    assert record is not None

    (etcd,) = (condition for condition in lab.conditions(places) if condition.name == "etcd")

    assert (etcd.well, etcd.detail) == (True, f"pid {record.pid}")


@pytest.mark.parametrize(
    ("name", "process", "started"),
    [
        ("engine", "engine", "engine"),
        ("registry", "registry", "registry"),
        ("cluster", "kube-apiserver", "api"),
    ],
)
def test_one_part_is_stopped_and_started(
    name: str, process: str, started: str, done: list[str], places: Places
) -> None:
    """The cluster by its API server alone: pods go on beneath it."""
    Part(places, process).start(SLEEP)
    Part(places, "kubelet").start(SLEEP)

    lab.stop(places, name)
    assert Part(places, process).record() is None
    assert Part(places, "kubelet").record() is not None
    lab.start(places, name)

    assert done[-1] == started


def test_what_is_not_ours_is_not_stopped(done: list[str], places: Places) -> None:  # noqa: ARG001
    """An engine of the user's has no record here."""
    with pytest.raises(SetupError, match="engine does not run, or was not started by the lab"):
        lab.stop(places, "engine")
