"""A stack that promotes: what it declares of its pins, and which pins it refuses."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest

from infra.project import ROOT
from tests.infra.promoted_stack import IMAGE_DIGEST, PromotedStack, surroundings


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[PromotedStack]:
    """A stack whose pins the store and the registry have; no verdict yet."""
    with surroundings(tmp_path) as made:
        yield made


def test_nothing_is_trained_or_built(stack: PromotedStack) -> None:
    """The stack declares pods, Service and check, and neither a model to train nor an image to build."""
    stack.judge()
    found = stack.run().resources

    assert sorted(found) == ["prediction-check", "server-cluster", "server-deployment", "server-service"]
    assert found["prediction-check"].inputs["digest"] == stack.digest
    assert found["prediction-check"].inputs["version"] == 7


def test_the_preview_is_exact(stack: PromotedStack) -> None:
    """On a first preview everything about model and image is known: the very digests, version and accuracy."""
    stack.judge()
    preview = stack.run(preview=True)
    image = f"{stack.config['registry']}/m-serving@{IMAGE_DIGEST}"
    container = preview.resources["server-deployment"].inputs["spec"]["template"]["spec"]["containers"][0]

    assert container["image"] == preview.exports["image"] == image
    assert (preview.exports["modelDigest"], preview.exports["modelVersion"]) == (stack.digest, 7)
    assert (preview.exports["accuracy"], "artifact" in preview.exports) == (0.5, False)
    assert len(preview.exports["fingerprint"]) == 64


def test_protection_reaches_the_objects(stack: PromotedStack) -> None:
    """With `protect` Pulumi refuses to delete what serves; the check and the provider may go."""
    stack.judge()

    assert {name: found.protect for name, found in stack.run().resources.items()} == {
        "prediction-check": False,
        "server-cluster": False,
        "server-deployment": True,
        "server-service": True,
    }
    assert not any(found.protect for found in stack.run(protect="false").resources.values())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"modelDigest": "00" * 32}, r"has no model 000000000000; .*config set artifactStore LOCATION.*make promote"),
        ({"imageDigest": "sha256:" + "00" * 32}, r"no verdict on image sha256:000000000000.*make promote"),
        ({"modelName": "other"}, r"serves its model as m, got 'other'; mend it: pulumi config set modelName m"),
        ({"minAccuracy": "0.6"}, r"accuracy 0.5000 is below minAccuracy 0.6, .* config set minAccuracy 0.5"),
        ({"registry": "127.0.0.1:{port}/else"}, r"there is no image 127.0.0.1:\d+/else/m-serving@sha256:abab"),
        ({"modelDigest": ""}, r"modelDigest: it is empty, .* make promote FROM=dev TO=prod"),
        ({"imageDigest": ""}, r"imageDigest: it is empty, .* make promote FROM=dev TO=prod"),
        ({"modelDigest": "ab12"}, "modelDigest: must be 64 hexadecimal digits"),
        ({"modelDigest": "sha256:" + "ab" * 32}, "modelDigest: must be 64 hexadecimal digits"),
        ({"imageDigest": "ab" * 32}, "imageDigest: must be sha256: and 64 hexadecimal digits"),
        ({"imageDigest": "latest"}, "imageDigest: must be sha256: and 64 hexadecimal digits"),
        ({"target": "local"}, "source: promote serves an image .* pulumi config set target kubernetes"),
        ({"source": "train"}, "modelDigest: a stack that trains its model has no pin; .* config set source promote"),
    ],
)
def test_a_pin_that_cannot_be_served_is_refused(stack: PromotedStack, values: dict[str, str], said: str) -> None:
    """A pin of the wrong form, or of what no store, verdict or registry has, is refused with what to do."""
    stack.judge()
    port = stack.config["registry"].partition(":")[2].partition("/")[0]
    with pytest.raises(pulumi.RunError, match=said):
        stack.run(preview=False, **{key: value.format(port=port) for key, value in values.items()})


def test_an_image_without_a_verdict_is_refused(stack: PromotedStack) -> None:
    """What nobody has looked into is not served, even if store and registry have it."""
    with pytest.raises(pulumi.RunError, match="no verdict on image"):
        stack.run()


def test_an_image_of_another_model_is_refused(stack: PromotedStack) -> None:
    """A verdict that says that the image holds another model stops the promotion."""
    stack.judge(model_digest="cd" * 32)

    with pytest.raises(pulumi.RunError, match=f"holds model cdcdcdcdcdcd, but modelDigest is {stack.digest[:12]}"):
        stack.run()


def test_a_verdict_that_cannot_be_read_is_refused(stack: PromotedStack) -> None:
    """A malformed note is an error with the file's name, and no verdict."""
    stack.judge()
    (note,) = (stack.store.folder / "verdicts").iterdir()
    note.write_text("{}", encoding="utf-8")

    with pytest.raises(pulumi.RunError, match=r"verdicts/abab.*malformed"):
        stack.run()


def test_a_registry_that_cannot_be_asked_is_said(stack: PromotedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes may reach a registry that this machine cannot: that is a warning and no refusal."""
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", said.append)
    stack.judge()
    stack.run(registry="127.0.0.1:1")

    assert len(said) == 1
    assert said[0].startswith("whether 127.0.0.1:1 has the pinned image is not known: http://127.0.0.1:1/v2/m-serving/")


def test_its_requirements_are_some_of_the_projects() -> None:
    """requirements-deploy.txt pins nothing that requirements.txt does not pin to the same version."""
    pins = {
        name: {
            line.partition("#")[0].strip()
            for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
            if "==" in line
        }
        for name in ("requirements-deploy.txt", "requirements.txt")
    }

    assert len(pins["requirements-deploy.txt"]) > 3
    assert pins["requirements-deploy.txt"] < pins["requirements.txt"]


def test_neither_docker_nor_anything_heavy_is_imported() -> None:
    """What requirements-deploy.txt leaves out is not imported by anything that a promoting stack runs."""
    script = (
        "import sys, infra.sources, infra.server, infra.pod, infra.preflight, infra.prediction_check, infra.promotion;"
        "left_out = {'tensorflow','keras','numpy','sklearn','matplotlib','pulumi_docker','requests','uvicorn'};"
        "print(sorted(left_out & {m.split('.')[0] for m in sys.modules}))"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
