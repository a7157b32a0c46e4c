"""Every conformance case that the running set-ups can be asked, over a real socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.conformance.cases import Case, all_cases, problems, send
from tests.serving.conformance.placeholders import Shape
from tests.serving.exported import HEIGHT, WIDTH
from tests.serving.processes import ServerProcess

CASES = all_cases()
SHAPE = Shape(HEIGHT, WIDTH, "image")
PLAIN = {"tf2_saved_model", "monitoring_config:absent", "flag:rest_api_enable_cors_support=false"}


def needs(case: Case) -> set[str]:
    """The set-ups a case requires of its server, prior cases aside."""
    return {need for need in case.get("requires", []) if not need.startswith("prior:")}


def verdict(url: str, case: Case) -> list[str]:
    """What is wrong with a server's answer to a case, its prior cases sent first."""
    prior = [CASES[need.removeprefix("prior:")] for need in case.get("requires", []) if need.startswith("prior:")]
    before = [send(url, other, SHAPE) for other in prior]
    return list(problems(case, send(url, case, SHAPE), before[-1] if before else None, SHAPE))


LABELS = {"tf2_saved_model", "label:stable=1", "monitoring_config:enable"}


@pytest.fixture(scope="module")
def configured(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server of the same model, with a label on its version and the metrics page."""
    folder = tmp_path_factory.mktemp("configured")
    (folder / "mymodel").mkdir()
    (folder / "mymodel" / "1").symlink_to(exported / "image-1")
    (folder / "models").write_text(
        f"model_config_list {{ config {{ name: 'mymodel' base_path: '{folder / 'mymodel'}' "
        "model_platform: 'tensorflow' version_labels { key: 'stable' value: 1 } } }"
    )
    (folder / "monitoring").write_text("prometheus_config { enable: true }")
    flags = (
        f"--model_config_file={folder / 'models'}",
        "--allow_version_labels_for_unavailable_models",
        f"--monitoring_config_file={folder / 'monitoring'}",
    )
    with ServerProcess(folder / "log", *flags) as started:
        yield started


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if needs(case) <= PLAIN])
def test_answers_as_tensorflow_serving_does(name: str, server: ServerProcess) -> None:
    """A server of one model without further set-up answers the case as TensorFlow Serving is known to."""
    assert verdict(server.url, CASES[name]) == []


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if needs(case) <= LABELS])
def test_configured_server_answers_as_tensorflow_serving_does(name: str, configured: ServerProcess) -> None:
    """A server with a label and metrics answers the case as TensorFlow Serving is known to."""
    assert verdict(configured.url, CASES[name]) == []


def test_no_case_is_skipped() -> None:
    """One of the two servers is asked every case."""
    assert [name for name, case in CASES.items() if not (needs(case) <= PLAIN or needs(case) <= LABELS)] == []
