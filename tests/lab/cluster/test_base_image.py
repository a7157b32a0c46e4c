"""The base image: its keys, what is built when, and what a build is handed; with a `docker` that only records."""

import re
from pathlib import Path

import pytest

from lab.cluster import base_image, registry
from lab.cluster.places import Places
from lab.errors import SetupError
from tests.lab.stubs import write_program

CONSTRAINTS = """\
# This file was made by a tool
absl-py==2.5.1
    # via
    #   keras
    #   tensorflow
keras==3.15.1
    # via tensorflow
numpy==2.4.6
    # via
    #   -r requirements.txt
    #   keras
ruff==0.17.6
    # via -r requirements-dev.txt
tensorflow==2.20.0 ; sys_platform != 'linux'
    # via -r requirements.txt
"""


def test_the_closure_of_a_package_is_what_it_needs_in_turn() -> None:
    """By the comments that name who needs what; other packages have no part in it."""
    assert [pin.partition("==")[0] for pin in base_image.closure(CONSTRAINTS, {"tensorflow"})] == [
        "absl-py",
        "keras",
        "numpy",
        "tensorflow",
    ]
    assert base_image.closure(CONSTRAINTS, {"ruff"}) == ["ruff==0.17.6"]


def test_the_dockerfile_installs_what_the_project_pins() -> None:
    """Every package of its `pip install` has a pin, among them all that serving/ imports."""
    names = base_image.installed(base_image.DOCKERFILE.read_text(encoding="utf-8"))
    pins = base_image.closure((base_image.PROJECT / "constraints.txt").read_text(encoding="utf-8"), names)

    assert names == {"tensorflow-cpu", "tensorflow", "numpy", "uvicorn", "httptools", "uvloop", "python-rapidjson"}
    assert names <= {pin.partition("==")[0] for pin in pins}
    assert not any(pin.startswith(("ruff", "pulumi", "pytest")) for pin in pins)


def test_the_image_takes_every_file_that_it_copies() -> None:
    """What the Dockerfile copies is let into the build by its .dockerignore."""
    allowed = (base_image.SERVING / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    dockerfile = base_image.DOCKERFILE.read_text(encoding="utf-8")
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile, re.MULTILINE)
        for source in line.split()[:-1]
        if not source.startswith("--")
    ]

    assert len(copied) == 4
    assert all(f"!{source}" in allowed for source in copied)


def test_the_entrypoint_takes_tensorflow_servings_variables_and_arguments() -> None:
    """Variables name the model, arguments come last; unlike there it says where to listen, and nothing of gRPC."""
    text = (base_image.SERVING / "tf_serving_entrypoint.sh").read_text(encoding="utf-8")
    command = text.partition("tensorflow_model_server ")[2]

    assert text.startswith("#!/bin/bash\n")
    assert command.endswith('--model_base_path="${MODEL_BASE_PATH}/${MODEL_NAME}" "$@"\n')
    assert '--model_name="${MODEL_NAME}"' in command
    assert "--rest_api_port=8501" in command
    assert "--rest_api_host=0.0.0.0" in command
    assert "--port" not in command


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the image is made of, to be changed."""
    folder = tmp_path / "project"
    (folder / "serving").mkdir(parents=True)
    for name in ("Dockerfile", "tensorflow_model_server", "tf_serving_entrypoint.sh", "flags.py"):
        (folder / "serving" / name).write_bytes((base_image.SERVING / name).read_bytes())
    (folder / "constraints.txt").write_bytes((base_image.PROJECT / "constraints.txt").read_bytes())
    monkeypatch.setattr(base_image, "PROJECT", folder)
    monkeypatch.setattr(base_image, "SERVING", folder / "serving")
    monkeypatch.setattr(base_image, "DOCKERFILE", folder / "serving" / "Dockerfile")
    return folder


def change(file: Path, old: str, new: str) -> None:
    """Replace text that must be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_each_part_has_a_key_of_its_inputs(project: Path) -> None:
    """A tool's pin moves nothing, a server's file the second part, TensorFlow's pin both."""
    keys = [(base_image.packages_key(), base_image.server_key())]

    def changes() -> tuple[bool, bool]:
        keys.append((base_image.packages_key(), base_image.server_key()))
        return keys[-1][0] != keys[-2][0], keys[-1][1] != keys[-2][1]

    change(project / "constraints.txt", "ruff==", "ruff==1")
    assert changes() == (False, False)
    change(project / "serving" / "flags.py", "model", "Model")
    assert changes() == (False, True)
    change(project / "serving" / "tf_serving_entrypoint.sh", "8501", "8502")
    assert changes() == (False, True)
    change(project / "serving" / "Dockerfile", "EXPOSE", "EXPOSE 1")
    assert changes() == (False, True)
    change(project / "serving" / "Dockerfile", "--no-cache-dir", "--no-cache-dir --quiet")
    assert changes() == (True, True)
    change(project / "constraints.txt", "keras==", "keras==1")
    assert changes() == (True, True)


class Registry:
    """A registry of tags in memory, and a `docker` that pushes there and writes each call down."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        write_program(
            folder / "bin",
            "docker",
            f"""[ "$2" = --help ] && [ -n "$DOCKER_BUILDKIT" ] && echo "  --secret list" && exit 0
            echo "$*" >> {folder}/calls
            [ "$1" = push ] && echo "$2" >> {folder}/pushed
            exit 0""",
        )
        write_program(folder / "bin", "debootstrap", 'for root in "$@"; do :; done; /bin/mkdir -p "$root/usr"')
        monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")
        monkeypatch.setattr(registry, "digest", self._digest)

    def _digest(self, repository: str, tag: str) -> str | None:
        return "sha256:1" if f"localhost:5000/{repository}:{tag}" in self._lines("pushed") else None

    def _lines(self, name: str) -> list[str]:
        file = self._folder / name
        return file.read_text().splitlines() if file.exists() else []

    def calls(self, command: str) -> list[str]:
        """The calls of one command since the last time."""
        found = [line for line in self._lines("calls") if line.startswith(f"{command} ")]
        if command == "build":
            (self._folder / "calls").unlink(missing_ok=True)
        return found


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A docker that only records."""
    return Registry(tmp_path, monkeypatch)


@pytest.mark.usefixtures("project")
def test_the_first_time_both_parts_are_built_upon_debian(docker: Registry, places: Places) -> None:
    """The archive of Debian is kept; the second part is built upon the first, which is pushed before."""
    base_image.up(places)

    packages = f"localhost:5000/tensorflow-serving-packages:{base_image.packages_key()}"
    first, second = docker.calls("build")
    assert "--target=packages" in first
    assert re.search(r"PYTHON_IMAGE=mymodel-serving-lab/python:bookworm-\w{12} ", first)
    assert f"--tag={packages} " in first
    assert f"--build-arg=PACKAGES={packages} " in second
    assert "--tag=localhost:5000/tensorflow-serving:2.20.0 " in second
    assert [file.name for file in places.cache.glob("*.tar.gz")] != []
    assert list(places.cache.glob("unfinished-*")) == []


def test_nothing_is_built_again_without_need(docker: Registry, places: Places, project: Path) -> None:
    """Unchanged: nothing. The server changed: the second part alone."""
    base_image.up(places)
    docker.calls("build")

    base_image.up(places)
    assert docker.calls("build") == []
    change(project / "serving" / "flags.py", "model", "Model")
    assert not base_image.present()
    base_image.up(places)

    (only,) = docker.calls("build")
    assert "--build-arg=PACKAGES=" in only


def test_pip_gets_the_users_settings_as_secrets(tmp_path: Path) -> None:
    """A secret is used in the build and is not in the image; without settings there is none."""
    assert base_image._secrets({}, tmp_path) == []

    options = base_image._secrets({"PIP_CERT": "/ca.pem", "PIP_INDEX_URL": "https://me:word@index"}, tmp_path)

    assert options == ["--secret=id=ca,src=/ca.pem", f"--secret=id=pip,src={tmp_path / 'pip.conf'}"]
    assert (tmp_path / "pip.conf").read_text() == "[global]\nindex-url = https://me:word@index\n"


def test_a_docker_that_can_build_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first on PATH may lack its build plugin; another one then does it, and none is told."""
    write_program(tmp_path / "first", "docker", "echo 'the buildx component is missing' >&2; exit 1")
    second = write_program(tmp_path / "second", "docker", "echo '--secret list'")
    monkeypatch.setenv("PATH", f"{tmp_path / 'first'}:{tmp_path / 'second'}")
    assert base_image._builder() == str(second)

    monkeypatch.setenv("PATH", str(tmp_path / "first"))
    monkeypatch.setattr("lab.cluster.commands.ADMINISTRATOR_FOLDERS", ())
    with pytest.raises(SetupError, match="no docker on PATH can build with BuildKit"):
        base_image._builder()
