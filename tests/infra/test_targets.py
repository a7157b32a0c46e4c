"""Where a model is served: the resources of a `kubernetes` stack, as the program declares them."""

import pulumi
import pytest
from pulumi.runtime.rpc import UNKNOWN

from tests.infra.engine import Engine
from tests.infra.kubernetes_stack import IMAGE, preview, run

pytestmark = pytest.mark.usefixtures("surroundings")


def test_a_kubernetes_stack_is_model_image_deployment_service_and_checks(kubernetes_up: Engine) -> None:
    """The stack declares the graph's resources under their type tokens, each in its component."""
    assert {name: (found.type, found.parent) for name, found in kubernetes_up.resources.items()} == {
        "model": ("pulumi-python:dynamic/mymodel:TrainedModel", "mymodel-serving-dev"),
        "serving-image": ("docker:index/image:Image", "serving-image"),
        "image-check": ("pulumi-python:dynamic/mymodel:ImageCheck", "mymodel-serving-dev"),
        "server-cluster": ("pulumi:providers:kubernetes", "server"),
        "server-deployment": ("kubernetes:apps/v1:Deployment", "server"),
        "server-service": ("kubernetes:core/v1:Service", "server"),
        "prediction-check": ("pulumi-python:dynamic/mymodel:PredictionCheck", "mymodel-serving-dev"),
    }


def test_each_resource_waits_for_the_one_before_it(kubernetes_up: Engine) -> None:
    """Image after model, its check after it, Deployment after that, Service after it, the last check after both."""
    assert kubernetes_up.resources["serving-image"].property_dependencies["build"] == {"model"}
    assert kubernetes_up.resources["image-check"].property_dependencies["image"] == {"serving-image"}
    assert "image-check" in kubernetes_up.resources["server-deployment"].property_dependencies["spec"]
    assert "server-deployment" in kubernetes_up.resources["server-service"].dependencies
    assert kubernetes_up.resources["prediction-check"].property_dependencies["launch"] == {"server-deployment"}


def test_the_exports_are_the_public_outputs(kubernetes_up: Engine) -> None:
    """A kubernetes stack exports what a local one does, and the image by digest."""
    assert kubernetes_up.exports["image"] == IMAGE
    assert kubernetes_up.exports["statusUrl"] == "http://127.0.0.1:30111/v1/models/mymodel"
    assert kubernetes_up.exports["predictUrl"] == "http://127.0.0.1:30111/v1/models/mymodel:predict"
    assert kubernetes_up.exports["modelVersion"] == 3


def test_a_preview_declares_the_same_with_nothing_known(kubernetes_up: Engine) -> None:
    """A first preview, where no output is known, registers the same resources and URLs."""
    previewed = preview()

    assert previewed.resources.keys() == kubernetes_up.resources.keys()
    assert previewed.exports["predictUrl"] == kubernetes_up.exports["predictUrl"]
    assert previewed.exports["image"] == UNKNOWN


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"baseImage": "tensorflow/serving:2.19.1"}, "baseImage: TensorFlow 2.19 of tensorflow/serving:2.19.1 may not"),
        ({"modelName": "m" * 56}, "modelName: m+-serving would be no name of a Service"),
        ({"modelName": "1st"}, "modelName: 1st-serving would be no name of a Service"),
    ],
)
def test_what_kubernetes_could_not_serve_is_refused(values: dict[str, str], said: str) -> None:
    """An older TensorFlow than the trainer's, and a name that no Service can have, stop before anything is declared."""
    with pytest.raises(pulumi.RunError, match=said):
        run(**values)
