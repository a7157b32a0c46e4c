"""Tests of model.store_commands, through the command line's own parser."""

import json
from pathlib import Path

import pytest

from model import store_commands
from model.__main__ import main
from model.manifest import Manifest
from model.store import ArtifactStore, Store, open_store
from tests.model.test_main import _process
from tests.model.test_store import WEIGHTS, publish

__all__ = ["_process"]


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of each kind."""
    if request.param == "folder":
        return ArtifactStore(tmp_path / "store")
    return open_store(f"{request.getfixturevalue('bucket')}/models", tmp_path)


@pytest.fixture
def first(store: Store) -> Manifest:
    """An artifact."""
    return publish(store)


@pytest.fixture
def second(store: Store) -> Manifest:
    """Another one, newer."""
    return publish(store, "other weights", epochs=6, created="2026-02-01T10:20:30+00:00")


def run(store: Store, *arguments: str) -> int:
    """The exit status of a command."""
    return main(["store", *arguments, "--store", store.location])


def test_list_is_a_line_per_artifact(
    store: Store, first: Manifest, second: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    """Newest first, whatever the number of trainings that gave it."""
    publish(store, epochs=7)

    assert run(store, "list") == 0

    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["digest", "accuracy", "dataset", "created", "(UTC)", "size"],
        [second.digest[:12], "0.5000", "digits", "2026-02-01", "10:20", "0.0", "MB"],
        [first.digest[:12], "0.5000", "digits", "2026-01-01", "00:00", "0.0", "MB"],
    ]


def test_show_tells_what_is_known(store: Store, first: Manifest, capsys: pytest.CaptureFixture[str]) -> None:
    """By the start of a digest."""
    assert run(store, "show", first.digest[:8]) == 0

    said = capsys.readouterr().out
    for line in (
        f"digest           {first.digest}",
        f"fingerprints     {first.fingerprint}",
        "accuracy         0.5000, loss 1.2500",
        "hyperparameters  epochs 5",
        "trained in       1.5 s on x86_64, avx2",
        'signature        {"inputs": {"image": "float32 [None, 8, 8]"}, "outputs": {"logits": "float32 [None, 10]"}}',
    ):
        assert f"{line}\n" in said


def test_show_wants_one_artifact(
    store: Store, first: Manifest, second: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    """None or several is said, with the command that lists them."""
    assert first.digest != second.digest

    assert run(store, "show", "zz") == run(store, "show", "") == 1

    said = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in said] == ["0", "2"]
    assert all(line.endswith("see python -m model store list") for line in said)


def test_verify_names_what_is_damaged(
    store: Store, first: Manifest, second: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every artifact and every record; at a URL what lies there, whatever the working copy has."""
    assert run(store, "verify") == 0
    assert capsys.readouterr().out.count("2 files, unaltered\n") == 2
    store.files.replace(f"{first.digest}/{WEIGHTS}", b"Weights")
    store.files.create("fingerprints/broken.json", b"{")

    assert run(store, "verify") == 1

    said = capsys.readouterr().out
    assert f"{first.digest[:12]} artifact {first.digest[:12]}: variables/variables.index was altered" in said
    assert f"{second.digest[:12]} 2 files, unaltered\n" in said
    assert "training broken: its manifest is unreadable" in said
    assert f"2 damaged in {store.location}: `pulumi up`" in said


@pytest.fixture
def export(tmp_path: Path, second: Manifest) -> str:
    """The exported state of a stack that serves the second artifact."""
    path = tmp_path / "dev.json"
    path.write_text(json.dumps({"deployment": {"resources": [{"outputs": {"digest": second.digest}}]}}))
    return str(path)


@pytest.fixture
def pinned(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Manifest:
    """A third artifact, to which a stack's file refers."""
    made = publish(store, "third weights", epochs=7)
    (tmp_path / "Pulumi.prod.yaml").write_text(f"config:\n  m:modelDigest: {made.digest}\n")
    monkeypatch.setattr(store_commands, "ROOT", tmp_path)
    return made


def test_gc_keeps_what_is_referred_to(
    store: Store, first: Manifest, export: str, pinned: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a state, a stack's file or the command line; without --remove nothing goes."""
    assert run(store, "gc", "--stack-export", export) == 0
    assert f"would remove {first.digest[:12]} (0.0 MB)\n1 of no use, 0.0 MB; 2 kept; do it" in capsys.readouterr().out
    assert len(store.trainings()) == 3
    assert run(store, "gc", "--stack-export", export, "--keep", first.digest[:10], "--remove") == 0
    assert len(store.trainings()) == 3
    capsys.readouterr()
    assert run(store, "gc", "--stack-export", export, "--remove") == 0

    assert capsys.readouterr().out == f"removed {first.digest[:12]} (0.0 MB)\n1 of no use, 0.0 MB; 2 kept\n"
    assert pinned.digest in {manifest.digest for manifest in store.trainings()}
    assert len(store.trainings()) == 2
    assert store.manifest_of(first.digest) is None


def test_gc_wants_to_be_told_what_to_keep(
    store: Store, first: Manifest, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Without a state or a digest, or with one that is none, nothing is removed."""
    (tmp_path / "bad.json").write_text("error: no such stack")
    wrong = (["--remove"], ["--remove", "--keep", "zz"], ["--remove", "--stack-export", str(tmp_path / "bad.json")])

    assert [run(store, "gc", *arguments) for arguments in wrong] == [1, 1, 1]

    said = capsys.readouterr().err.splitlines()
    assert "was told nothing: give it the stacks that use this store, pulumi stack export" in said[0]
    assert "no artifact's digest starts with 'zz'" in said[1]
    assert "is no export of a stack" in said[2]
    assert store.manifest_of(first.digest) == first


def test_a_url_with_a_credential_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """And is not repeated."""
    with pytest.raises(SystemExit):
        main(["store", "list", "--store", "s3://key:hunter2@bucket"])

    said = capsys.readouterr().err
    assert "may hold a credential" in said
    assert "hunter2" not in said
