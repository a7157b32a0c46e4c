"""Tests of model.commands, run as people run them: `python -m model ...` in a process of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from model import comparison, datasource
from model.store import ArtifactStore, Damaged, Found
from tests.model import samples
from tests.model.command_line import ROOT, command, run
from tests.model.conftest import Trained, WebServer

# What a dynamic provider does: it starts the training and reads its output.
PARENT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
print(child.pid, flush=True)
for line in child.stdout:
    print(line.decode(), end="", flush=True)
"""


@pytest.fixture
def endless(tmp_path: Path) -> list[str]:
    """A training that would take minutes, into tmp_path/store."""
    dataset = samples.npz(tmp_path / "own.npz")
    return command("train", "--dataset", dataset, "--store", tmp_path / "store", "--epochs", 10_000)


def wait_for_epochs(process: subprocess.Popen[str]) -> None:
    """Read a training's output until its epochs are under way."""
    assert process.stdout is not None
    assert any(line.startswith("epoch ") for line in process.stdout)


def assert_no_artifact(store: Path) -> None:
    """Neither an artifact nor a record; staging and leases are not looked at."""
    assert {path.name for path in store.iterdir()} <= {".staging", "fingerprints", "leases"}
    assert not list(store.glob("fingerprints/*"))


def assert_ended(process: psutil.Process) -> None:
    """Within seconds; what nobody waited for may remain as a zombie. Otherwise end it, and fail."""
    alive = psutil.wait_procs([process], timeout=20)[1]
    if alive and process.status() != psutil.STATUS_ZOMBIE:
        process.kill()
        pytest.fail("the training did not end")


def test_training_tells_its_progress(trained: Trained) -> None:
    """A line per epoch and, at the end, accuracy, digest and folder; nothing of TensorFlow's own."""
    lines = trained.output.splitlines()
    manifest = trained.found.manifest

    assert [line.split(":")[0] for line in lines if line.startswith("epoch")] == [f"epoch {n}/5" for n in range(1, 6)]
    assert len(lines) <= 25
    assert lines[-1] == (
        f"accuracy on test images {manifest.metrics.accuracy:.4f}, digest {manifest.digest[:12]}: {trained.found.path}"
    )


def test_trained_model_is_not_trained_again(trained: Trained) -> None:
    """The store has it: said at once."""
    done = run("train", "--dataset", "digits", "--store", trained.store)

    assert (done.returncode, done.stdout) == (0, f"already trained, nothing to do: {trained.found.path}\n")


def test_damaged_model_is_trained_again(tmp_path: Path) -> None:
    """The reason is said, and the artifact is whole afterwards."""
    arguments = ("train", "--dataset", samples.npz(tmp_path / "own.npz"), "--store", tmp_path / "s", "--epochs", 1)
    assert run(*arguments).returncode == 0
    store = ArtifactStore(tmp_path / "s")
    manifest = store.trainings()[0]
    with (store.folder / manifest.digest / "model" / "saved_model.pb").open("ab") as file:
        file.write(b"!")
    assert isinstance(store.find(manifest.fingerprint), Damaged)

    done = run(*arguments)

    assert done.returncode == 0
    assert done.stdout.startswith(f"artifact {manifest.digest[:12]}: saved_model.pb was altered; training again\n")
    assert isinstance(store.find(manifest.fingerprint), Found)


def test_other_fingerprint_is_refused(tmp_path: Path) -> None:
    """The provider says what it wants trained; other sources are not trained in its name."""
    done = run("train", "--dataset", "digits", "--store", tmp_path / "s", "--fingerprint", "ab" * 32)

    assert done.returncode == 1
    assert done.stderr.startswith("error: the training asked for has fingerprint abababababab, but the sources")
    assert not (tmp_path / "s").exists()


def test_killed_training_leaves_nothing_valid(tmp_path: Path, endless: list[str]) -> None:
    """SIGKILL half-way: no artifact, no record; the next training removes what lies aside."""
    with subprocess.Popen(endless, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        wait_for_epochs(process)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert len(list((tmp_path / "store" / ".staging").iterdir())) == 1
    assert_no_artifact(tmp_path / "store")

    done = run("train", "--dataset", tmp_path / "own.npz", "--store", tmp_path / "store", "--epochs", 1)

    assert done.returncode == 0
    assert list((tmp_path / "store" / ".staging").iterdir()) == []


def test_training_ends_with_its_killed_parent(tmp_path: Path, endless: list[str]) -> None:
    """SIGKILL of who reads the output: the training removes what it had begun and ends by itself."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *endless], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        wait_for_epochs(parent)
        parent.kill()

    assert_ended(child)
    assert list((tmp_path / "store" / ".staging").iterdir()) == []
    assert_no_artifact(tmp_path / "store")


def test_silent_training_ends_with_its_killed_parent(tmp_path: Path, endless: list[str]) -> None:
    """Even where nothing is printed for long, here in an import that never ends."""
    for name in ("keras", "tensorflow"):
        (tmp_path / f"{name}.py").write_text("import time\ntime.sleep(600)\n")
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *endless],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert parent.stdout.readline() == "loading TensorFlow\n"
        parent.kill()

    assert_ended(child)
    assert list((tmp_path / "store" / ".staging").iterdir()) == []


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_training_leaves_nothing(
    tmp_path: Path, endless: list[str], number: signal.Signals, status: int
) -> None:
    """Ctrl-C and a polite end: no traceback, nothing aside."""
    with subprocess.Popen(endless, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_for_epochs(process)
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]

    assert (process.returncode, said) == (status, "interrupted\n" if number == signal.SIGINT else "")
    assert list((tmp_path / "store" / ".staging").iterdir()) == []
    assert_no_artifact(tmp_path / "store")


def test_evaluate_prints_the_metrics(trained: Trained) -> None:
    """Those of the manifest, measured again."""
    metrics = trained.found.manifest.metrics

    done = run("evaluate", "--store", trained.store)

    assert (done.returncode, done.stderr) == (0, "")
    assert f"accuracy {metrics.accuracy:.4f}, loss {metrics.loss:.4f}" in done.stdout
    assert f"0: {metrics.per_class['0']:.3f}, 1: {metrics.per_class['1']:.3f}" in done.stdout


def test_verify_hashes_the_artifact(trained: Trained) -> None:
    """Without --rebuild nothing is trained."""
    done = run("verify", trained.found.manifest.digest[:8], "--store", trained.store)

    assert (done.returncode, done.stdout) == (0, f"{trained.found.path}: 3 files, unaltered\n")


def test_verify_rebuilds_with_the_same_digest(trained: Trained) -> None:
    """Digits and the defaults, trained anew in another folder."""
    done = run("verify", "--rebuild", "--store", trained.store)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"rebuilt: the same digest {trained.found.manifest.digest}\n")


def test_predict_shows_digits(web_server: WebServer) -> None:
    """The first test images are sent, drawn and counted; an ASCII output gets plain characters."""
    web_server.answers = [(200, json.dumps({"predictions": [[9.0] + [0.0] * 9] * 2}).encode())]

    done = run(
        *("predict", "--dataset", "digits", "--count", 2, "--url", f"{web_server.url}/v1/models/m:predict"),
        PYTHONIOENCODING="ascii",
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(web_server.bodies[0])["instances"]) == 2
    assert done.stdout.count("predicted 0 (99.9%)") == 2
    assert "@@" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(" of 2 right")


def test_predict_needs_no_tensorflow(web_server: WebServer) -> None:
    """The client starts in a second: neither Keras nor TensorFlow is imported for it."""
    web_server.answers = [(200, json.dumps({"predictions": [[9.0] + [0.0] * 9]}).encode())]
    arguments = ["predict", "--dataset", "digits", "--count", "1", "--url", web_server.url]
    program = f"import sys; from model.__main__ import main; main({arguments}); print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert not {"tensorflow", "keras", "matplotlib"} & set(done.stdout.split())


def test_evaluate_keeps_what_it_measured(trained: Trained, tmp_path: Path) -> None:
    """With --keep the accuracy on another dataset is a note of the store: the model that serves is measured once."""
    store = Path(shutil.copytree(trained.store, tmp_path / "store"))
    digest, dataset = trained.found.manifest.digest, samples.npz(tmp_path / "own.npz", **eight_by_eight())

    done = run("evaluate", digest, "--store", store, "--dataset", dataset, "--keep")

    assert (done.returncode, done.stderr) == (0, "")
    kept = comparison.find(ArtifactStore(store), digest, datasource.locate(str(dataset), tmp_path).sha256)
    assert kept is not None
    assert kept.images == 30
    assert f"accuracy {kept.accuracy:.4f}" in done.stdout


def eight_by_eight() -> samples.Arrays:
    """Images of the size that the trained model takes."""
    return samples.arrays(height=8, width=8)


def test_of_ten_trainings_at_once_one_trains(tmp_path: Path) -> None:
    """The others wait, saying for whom, and take its result; none of them loads TensorFlow."""
    dataset = samples.npz(tmp_path / "own.npz")
    arguments = command("train", "--dataset", dataset, "--store", tmp_path / "s", "--epochs", 1)
    processes = [subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(10)]
    said = [process.communicate(timeout=120)[0] for process in processes]

    assert [process.returncode for process in processes] == [0] * 10
    assert sum("loading TensorFlow" in text for text in said) == 1
    waited = [text for text in said if text.startswith("waiting for ")]
    assert all("\nalready trained elsewhere, nothing to do: " in text for text in waited)
    assert len(waited) + sum(text.startswith("already trained") for text in said) == 9
    assert len(ArtifactStore(tmp_path / "s").trainings()) == 1


def test_a_killed_training_is_taken_over(tmp_path: Path, endless: list[str]) -> None:
    """Who waited for it says that it is dead, and trains; here it is ended too, once it does."""
    with subprocess.Popen(endless, cwd=ROOT, stdout=subprocess.PIPE, text=True) as first:
        wait_for_epochs(first)
        with subprocess.Popen(endless, cwd=ROOT, stdout=subprocess.PIPE, text=True) as second:
            assert second.stdout is not None
            assert second.stdout.readline().startswith("waiting for ")
            first.kill()
            first.communicate()

            assert second.stdout.readline().startswith("taking over the training of ")
            wait_for_epochs(second)
            second.terminate()
            second.communicate(timeout=60)
    assert list((tmp_path / "store" / "leases").iterdir()) == []


def test_two_digests_of_one_fingerprint_are_said(tmp_path: Path) -> None:
    """The one that came first stays and is taken; the message has both, and the CPUs. TensorFlow's part is played."""
    recorded = samples.manifest(samples.artifact(tmp_path / "first"))
    program = f"""
import sys
from pathlib import Path
from model import commands
from model.__main__ import main
from model.store import ArtifactStore
from tests.model import samples

def trained(hyperparameters, source, wanted, staged):
    store, first = ArtifactStore(Path({str(tmp_path / "s")!r})), Path({str(tmp_path / "first")!r})
    store.publish(first, samples.manifest(first, parts=PARTS, fingerprint=wanted))
    cpu = {{"machine": "arm64", "features": []}}
    return samples.manifest(samples.artifact(staged, "other"), parts=PARTS, fingerprint=wanted, cpu=cpu)

from model import fingerprint, datasource
from model.hyperparameters import Hyperparameters
PARTS = fingerprint.parts(Hyperparameters(), datasource.locate("digits", Path.cwd()))
commands._trained = trained
sys.exit(main(["train", "--dataset", "digits", "--store", {str(tmp_path / "s")!r}]))
"""

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    said, last = done.stdout.splitlines()
    assert said.startswith("this training gave digest ")
    assert f" on arm64, ; the store has {recorded.digest} of the same fingerprint, trained on x86_64, avx2: " in said
    assert last.endswith(f"digest {recorded.digest[:12]}: {tmp_path}/s/{recorded.digest}")
