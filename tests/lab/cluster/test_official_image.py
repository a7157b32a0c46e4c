"""The official image's name in an engine, with a `docker` that keeps its images as files."""

from pathlib import Path

import pytest

from lab.cluster import official_image
from lab.cluster.places import BASE_IMAGE, Places
from tests.lab.stubs import write_program

# Images are files named after the reference, with the image's id in them; a pull finds only what is in "registry".
DOCKER = """
name() { echo "$1" | tr '/:' '__'; }
echo "$*" >> calls
case "$1 $2" in
"image ls") cat "images/$(name "$5")" 2>/dev/null || true ;;
"image inspect") cat "digests/$(name "$5")" 2>/dev/null || echo null ;;
pull*) cp "registry/$(name "$2")" "images/$(name "$2")" ;;
tag*) cp "images/$(name "$2")" "images/$(name "$3")" ;;
rmi*) rm "images/$(name "$2")" ;;
esac
"""


def file_name(reference: str) -> str:
    """The stub's file of an image."""
    return reference.replace("/", "_").replace(":", "_")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an engine with the lab's base image."""
    for folder in ("images", "digests", "registry"):
        (tmp_path / "engine" / folder).mkdir(parents=True)
    program = write_program(tmp_path / "bin", "docker", f"cd {tmp_path / 'engine'} || exit 1\n{DOCKER}")
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    (tmp_path / "engine" / "images" / file_name(BASE_IMAGE)).write_text("ours\n", encoding="utf-8")
    return tmp_path / "engine"


def official(engine: Path) -> str | None:
    """Which image the official name means."""
    file = engine / "images" / file_name(official_image.OFFICIAL)
    return file.read_text(encoding="utf-8").strip() if file.exists() else None


def test_where_it_cannot_be_pulled_its_name_means_ours(engine: Path, places: Places) -> None:
    """Without a way to the official image its name is given to the lab's, and taken again with the lab."""
    official_image.up(places)
    assert official(engine) == "ours"

    official_image.down()
    assert official(engine) is None


def test_where_it_can_be_pulled_it_is(engine: Path, places: Places) -> None:
    """An official image within reach is pulled and used."""
    (engine / "registry" / file_name(official_image.OFFICIAL)).write_text("real", encoding="utf-8")
    official_image.up(places)

    assert official(engine) == "real"


def test_one_that_is_there_is_left_alone(engine: Path, places: Places) -> None:
    """An engine that has the official image keeps it, when the lab comes and when it goes."""
    name = file_name(official_image.OFFICIAL)
    (engine / "images" / name).write_text("real", encoding="utf-8")
    (engine / "digests" / name).write_text('["tensorflow/serving@sha256:0"]', encoding="utf-8")
    official_image.up(places)
    official_image.down()

    assert official(engine) == "real"


def test_a_newer_image_of_ours_takes_the_name(engine: Path, places: Places) -> None:
    """A name that meant an older image of the lab means the new one, which no pull is tried for."""
    name = file_name(official_image.OFFICIAL)
    (engine / "images" / name).write_text("older", encoding="utf-8")
    (engine / "digests" / name).write_text('["localhost:5000/tensorflow-serving@sha256:0"]', encoding="utf-8")
    official_image.up(places)

    assert official(engine) == "ours"
    assert "pull" not in (engine / "calls").read_text(encoding="utf-8")


def test_an_engine_that_lost_ours_pulls_it(engine: Path, places: Places) -> None:
    """The lab's own image comes from its registry, where the engine has it no more."""
    (engine / "images" / file_name(BASE_IMAGE)).rename(engine / "registry" / file_name(BASE_IMAGE))
    official_image.up(places)

    assert official(engine) == "ours"
