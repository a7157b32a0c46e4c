"""The stages of an `up`, told from the lines that it prints."""

import pytest

from bench import rollout_split
from bench.checkout import CommandError
from bench.clone import Line

SHA = "sha256:" + "ab" * 32
OLD = "sha256:" + "cd" * 32
UP = [
    Line(101.0, " ~  pulumi-python:dynamic/mymodel:TrainedModel model updating (0s) [diff: ~seed]\n"),
    Line(101.5, " ~  pulumi-python:dynamic/mymodel:TrainedModel model updated (0.50s) [diff: ~seed]\n"),
    Line(101.75, " ~  docker:index:Image serving-image updating (0s) [diff: ~build]\n"),
    Line(102.5, " ~  docker:index:Image serving-image updating (0s) [diff: ~build]; Pushing Image to the registry\n"),
    Line(102.75, " ~  docker:index:Image serving-image updated (1s) [diff: ~build]; 2-ab: digest: sha256:00\n"),
    Line(102.75, " ~  pulumi-python:dynamic/mymodel:ImageCheck image-check updating (0s) [diff: ~image]\n"),
    Line(102.875, " ~  pulumi-python:dynamic/mymodel:ImageCheck image-check updated (0.12s) [diff: ~image]\n"),
    Line(103.0, " ~  kubernetes:apps/v1:Deployment server-deployment updating (0s) [diff: ~spec]\n"),
    Line(106.0, " ~  kubernetes:apps/v1:Deployment server-deployment updated (3s) [diff: ~spec]; \n"),
    Line(106.25, " ~  pulumi-python:dynamic/mymodel:PredictionCheck prediction-check updating (0s)\n"),
    Line(107.25, " ~  pulumi-python:dynamic/mymodel:PredictionCheck prediction-check updated (1s)\n"),
    Line(107.5, f'  ~ image       : "localhost:5000/x@{OLD}" => "localhost:5000/x@{SHA}"\n'),
]


def test_what_no_stage_has_is_pulumis() -> None:
    """Each stage lasts from its first line to its last; the rest, up to the end of the command, is Pulumi's own."""
    found = rollout_split.stages(100.0, UP, 108.0)

    assert found == {
        "Pulumi": 2.375, "model": 0.5, "image": 0.75, "push": 0.25, "trial": 0.125, "rollout": 3.0, "check": 1.0,
    }  # fmt: skip
    assert tuple(found) == rollout_split.STAGES
    assert sum(found.values()) == 8.0


def test_an_up_that_builds_nothing_has_fewer_stages() -> None:
    """Only those that are asked for need lines; the rest is still Pulumi's."""
    found = rollout_split.stages(100.0, UP[7:], 108.0, ("rollout", "check"))

    assert found == {"Pulumi": 4.0, "rollout": 3.0, "check": 1.0}


@pytest.mark.parametrize("missing", [1, 3, 6, 10])
def test_a_stage_without_a_line_is_an_error_with_the_last_words(missing: int) -> None:
    """Where Pulumi said something else, no figure is made up."""
    lines = [line for number, line in enumerate(UP) if number != missing]

    with pytest.raises(CommandError, match=r"(?s)never said .*localhost:5000"):
        rollout_split.stages(100.0, lines, 108.0)


def test_the_image_is_the_one_that_is_deployed_now() -> None:
    """An update's outputs name the old image too, and a build prints digests of its own."""
    assert rollout_split.image_digest(UP) == SHA
    assert rollout_split.image_digest([Line(1.0, f'    image       : "localhost:5000/x@{OLD}"\n')]) == OLD


def test_an_up_without_an_image_is_an_error() -> None:
    """The bytes of some other image would be counted."""
    with pytest.raises(CommandError, match="did not tell its image"):
        rollout_split.image_digest(UP[:-1])
