"""Tests of model.verify; rebuilding trains for real, in child processes, on tens of images."""

from dataclasses import replace
from pathlib import Path

import pytest

from model.datasource import locate
from model.errors import ModelError
from model.store import ArtifactStore, Found
from model.verify import Rebuild, rebuild, verify
from tests.model import samples
from tests.model.command_line import run


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with own.npz and a store with a model that was trained on it."""
    folder = tmp_path_factory.mktemp("small")
    samples.npz(folder / "own.npz")
    done = run(
        *("train", "--dataset", folder / "own.npz", "--store", folder / "store"),
        *(
            "--epochs",
            2,
            "--batch-size",
            7,
            "--hidden-units",
            40,
            "--learning-rate",
            0.01,
            "--dropout",
            0.1,
            "--seed",
            3,
        ),
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def again(folder: Path, said: list[str]) -> Rebuild:
    """Rebuild the model of `small`."""
    source = locate("own.npz", folder)
    return rebuild(verify(ArtifactStore(folder / "store")), source, folder / "cache", said.append)


def test_rebuilding_gives_the_same_digest(small: Path) -> None:
    """With the stored hyperparameters, with progress, and without touching the store."""
    store = ArtifactStore(small / "store")
    before, said = store.trainings(), list[str]()

    rebuilt = again(small, said)

    assert rebuilt.same
    assert rebuilt.now.parts == rebuilt.then.parts
    assert str(rebuilt) == f"rebuilt: the same digest {before[0].digest}"
    assert [line for line in said if line.startswith("epoch 2/2: ")]
    assert store.trainings() == before


def test_other_instructions_give_another_digest(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its newer vector instructions a CPU rounds otherwise: the report names files, difference and CPUs."""
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")

    rebuilt = again(small, [])

    if rebuilt.same:
        pytest.skip("this CPU has no newer vector instructions than SSE4.1 to leave out")
    assert "variables/variables.data-00000-of-00001" in rebuilt.differing
    assert "saved_model.pb" not in rebuilt.differing
    assert 0 < rebuilt.largest_difference < 1e-3
    report = str(rebuilt)
    assert f"predictions on the test images differ by at most {rebuilt.largest_difference:.3g}" in report
    assert "changed since: nothing that the fingerprint covers" in report
    assert "CPU now: " in report
    assert report.endswith("SSE41")


def test_other_data_is_not_rebuilt(small: Path, tmp_path: Path) -> None:
    """A file of the same name with other bytes is not the data of the stored training."""
    other = locate(str(samples.npz(tmp_path / "own.npz", y_train=samples.arrays()["y_train"][::-1])), tmp_path)

    with pytest.raises(ModelError, match=r"is not the one of this training; name it: --dataset FILE\.npz"):
        rebuild(verify(ArtifactStore(small / "store")), other, tmp_path, print)


def test_failed_rebuild_says_why(small: Path) -> None:
    """The child's own error is passed on."""
    found = verify(ArtifactStore(small / "store"))
    parts = replace(found.manifest.parts, hyperparameters={"epochs": 0})
    broken = Found(replace(found.manifest, parts=parts), found.path)

    with pytest.raises(ModelError, match=r"ended with status 1: error: epochs is 0, but must be an integer from 1"):
        rebuild(broken, locate("own.npz", small), small, print)


def test_changed_sources_and_packages_are_listed(tmp_path: Path) -> None:
    """Where the digest differs for a reason that is known, the reason is named."""
    then = samples.manifest(samples.artifact(tmp_path / "a"))
    parts = replace(then.parts, sources={"train.py": "22"}, packages={"keras": "4"})
    now = replace(then, digest="f" * 64, parts=parts)

    assert "changed since: keras, train.py" in str(Rebuild(then, now, ["x"], 0.5))


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """A store with two artifacts; no training was needed for them."""
    made = ArtifactStore(tmp_path / "store")
    for epochs, content in ((1, "old"), (2, "new")):
        with made.staging() as staged:
            samples.artifact(staged / "a", content)
            created = f"2026-01-0{epochs}T00:00:00+00:00"
            made.publish(staged / "a", samples.manifest(staged / "a", epochs=epochs, created=created))
    return made


def test_artifacts_are_named_by_digest_or_fingerprint(store: ArtifactStore) -> None:
    """The first digits are enough; without a name it is the newest."""
    new, old = store.trainings()

    assert verify(store).manifest == new
    assert verify(store, old.digest[:12]).manifest == old
    assert verify(store, old.fingerprint).manifest == old


def test_unknown_artifact_is_refused(store: ArtifactStore, tmp_path: Path) -> None:
    """The message names store, artifact and what to do."""
    with pytest.raises(ModelError, match=r"store/none has no training; train one: pulumi up, or python -m model train"):
        verify(ArtifactStore(tmp_path / "store" / "none"))
    with pytest.raises(ModelError, match="has no training called zz"):
        verify(store, "zz")


def test_altered_artifact_is_named(store: ArtifactStore) -> None:
    """With the file and the remedy."""
    digest = store.trainings()[0].digest
    (store.folder / digest / "model" / "saved_model.pb").write_text("graf")

    with pytest.raises(
        ModelError, match=rf"artifact {digest[:12]}: saved_model.pb was altered; train it again: pulumi up"
    ):
        verify(store)
