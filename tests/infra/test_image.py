"""What goes into the serving image."""

import pytest

from tests.infra.engine import Engine
from tests.infra.kubernetes_stack import DIGEST, run

pytestmark = pytest.mark.usefixtures("surroundings")


def test_the_image_depends_on_digest_name_version_and_base_only(kubernetes_up: Engine) -> None:
    """Nothing else reaches the build: a label with a revision would make another image of the same model."""
    image = kubernetes_up.resources["serving-image"].inputs

    assert image["imageName"] == f"localhost:5000/mymodel-serving:3-{DIGEST[:12]}"
    assert image["build"] == {
        "context": f".artifacts/{DIGEST}/model",
        "dockerfile": "infra/model.Dockerfile",
        "platform": "linux/amd64",
        "builderVersion": "BuilderBuildKit",
        "args": {
            "BASE_IMAGE": "tensorflow/serving:2.20.0",
            "MODEL_NAME": "mymodel",
            "MODEL_VERSION": "3",
            "MODEL_DIGEST": DIGEST,
        },
    }
    assert image["skipPush"] is False
    assert "registry" not in image


def test_credentials_go_to_the_image_as_a_secret() -> None:
    """A configured user and password reach the Image, the password as a secret and nowhere else."""
    engine = run(registry="registry.example/team", registryUsername="me", registryPassword="hunter2")
    registry = engine.resources["serving-image"].inputs["registry"]

    assert registry["server"] == "registry.example"
    assert registry["username"] == "me"
    assert registry["password"]["value"] == "hunter2"
    assert "4dabf18193072939515e22adb298388d" in registry["password"]
    others = {name: found for name, found in engine.resources.items() if name != "serving-image"}
    assert "hunter2" not in str(others)


def test_a_floating_base_image_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says that nobody will see the base image change."""
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", lambda text, *_: said.append(text))
    run(baseImage="tensorflow/serving:latest")

    assert len(said) == 1
    assert "tensorflow/serving:latest may change without notice" in said[0]
