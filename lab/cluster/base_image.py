"""The base image of the lab: serving/Dockerfile upon a Debian made by debootstrap, where no image can be pulled.

It comes in two parts. The packages are keyed by their pins and the Dockerfile, the server by its files as well; each
key is a tag in the registry, so that what is there already is not built again. The Debian under it is kept as an
archive in the user's cache folder.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.cluster import registry
from lab.cluster.commands import run, run_logged, search_path
from lab.cluster.places import BASE_IMAGE, REGISTRY, Places
from lab.errors import SetupError
from lab.progress import say
from lab.workplace import alone_in, aside_in

PROJECT = Path(__file__).resolve().parent.parent.parent
SERVING = PROJECT / "serving"
DOCKERFILE = SERVING / "Dockerfile"
SUITE = "bookworm"  # its Python is 3.11
DEBIAN_PACKAGES = "python3,python3-venv"
# What no server reads: package lists, downloads, and the words of programs.
LEFT_OUT = (
    "var/cache/apt/*", "var/lib/apt/lists/*", "usr/share/doc/*", "usr/share/locale/*", "usr/share/man/*",
    "proc/*", "sys/*",
)  # fmt: skip
DEBOOTSTRAP_SECONDS, BUILD_SECONDS, PUSH_SECONDS = 600, 900, 600


def up(places: Places) -> None:
    """Have the base image in the registry, built from the server's files as they are now.

    Raises:
        SetupError: a step failed or took too long.
    """
    if present():
        return
    log = places.logs / "base-image.log"
    docker = _builder()
    packages = f"{REGISTRY}/tensorflow-serving-packages:{packages_key()}"
    if registry.digest("tensorflow-serving-packages", packages_key()) is None:
        debian = _debian(docker, places, log)
        say("Building the packages of the base image: once, some two minutes")
        _build(docker, packages, log, "--target=packages", f"--build-arg=PYTHON_IMAGE={debian}")
        _push(docker, packages, log)
    say(f"Building {BASE_IMAGE}")
    _build(docker, BASE_IMAGE, log, f"--build-arg=PACKAGES={packages}")
    keyed = f"{BASE_IMAGE.rpartition(':')[0]}:{server_key()}"
    run([docker, "tag", BASE_IMAGE, keyed])
    for image in (keyed, BASE_IMAGE):
        _push(docker, image, log)
    if not present():
        raise SetupError(f"{BASE_IMAGE} was pushed and is not in the registry: see {log}")


def present() -> bool:
    """Whether the registry has the base image, built from the files as they are now."""
    return registry.tagged_alike(BASE_IMAGE, server_key())


def packages_key() -> str:
    """Stands for the first part: the pins of what it installs, and how."""
    dockerfile = DOCKERFILE.read_text(encoding="utf-8")
    pins = closure((PROJECT / "constraints.txt").read_text(encoding="utf-8"), installed(dockerfile))
    first_part = dockerfile.partition("AS code")[0]
    return _digest([first_part, SUITE, DEBIAN_PACKAGES, *LEFT_OUT, *pins])


def server_key() -> str:
    """Stands for the whole image: the packages, and the server's files."""
    files = [*sorted(SERVING.glob("*.py")), SERVING / "tensorflow_model_server", SERVING / "tf_serving_entrypoint.sh"]
    contents = [text for file in files for text in (file.name, file.read_text(encoding="utf-8"))]
    return _digest([packages_key(), DOCKERFILE.read_text(encoding="utf-8"), *contents])


def installed(dockerfile: str) -> set[str]:
    """Names of the packages that the Dockerfile's `pip install` asks for."""
    command = dockerfile.partition("/bin/pip install ")[2].partition("&&")[0].replace("\\\n", " ")
    command = re.sub(r"--constraint \S+", "", command)
    requirements = re.findall(r'"([^"]*)"|(\S+)', command)
    names = (quoted.partition(";")[0].strip() or bare for quoted, bare in requirements)
    return {name for name in names if not name.startswith("-")}


def closure(constraints: str, names: Iterable[str]) -> list[str]:
    """The pins that some packages come down to: their own and those of all they need.

    Args:
        constraints: text as `uv pip compile` writes it: a pin, then comments that name who needs it.
        names: the packages at the top.
    """
    pins: list[tuple[str, str, set[str]]] = []
    for line in constraints.splitlines():
        comment = re.match(r"\s+#\s+(?:via\s+)?(\S+)$", line)
        if comment and pins:
            pins[-1][2].add(comment[1])
        elif "==" in line and not line.startswith("#"):
            pins.append((line.partition("==")[0], line, set()))
    needed = set(names)
    while more := {name for name, _, needed_by in pins if needed_by & needed} - needed:
        needed |= more
    return [line for name, line, _ in pins if name in needed]


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


def _builder() -> str:
    """The first `docker` on PATH that can build with BuildKit (one newer than 20.10 needs its buildx plugin)."""
    for folder in search_path().split(os.pathsep):
        docker = shutil.which("docker", path=folder)
        if docker is None:
            continue
        answer = subprocess.run(
            [docker, "build", "--help"],
            env={**os.environ, "DOCKER_BUILDKIT": "1"},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        if answer.returncode == 0 and "--secret" in answer.stdout:
            return docker
    raise SetupError(
        "no docker on PATH can build with BuildKit: install Docker's buildx plugin (https://docs.docker.com/build)"
    )


def _debian(docker: str, places: Places, log: Path) -> str:
    """Name of a local image with Debian and Python and nothing else."""
    key = _digest([SUITE, DEBIAN_PACKAGES, *LEFT_OUT])
    archive = places.cache / f"debian-{SUITE}-{key}.tar.gz"
    image = f"mymodel-serving-lab/python:{SUITE}-{key}"
    if not archive.exists():
        _bootstrap(archive, log)
    if not run([docker, "image", "ls", "--quiet", image]).strip():
        run_logged("docker import", [docker, "import", archive, image], log, seconds=120)
    return image


def _bootstrap(archive: Path, log: Path) -> None:
    """Make the archive of a Debian root; it appears complete or not at all."""
    say(f"Making a Debian {SUITE} with Python: once, about a minute")
    with alone_in(archive.parent, "making a Debian"), aside_in(archive.parent) as aside:
        root, packed = str(aside / "root"), str(aside / "root.tar.gz")
        command = ["debootstrap", "--variant=minbase", f"--include={DEBIAN_PACKAGES}", SUITE, root]
        try:
            run_logged("debootstrap", command, log, seconds=DEBOOTSTRAP_SECONDS)
        finally:
            _unmount(Path(root))
        left_out = [f"--exclude=./{pattern}" for pattern in LEFT_OUT]
        pack = ["tar", "--sort=name", "--numeric-owner", *left_out, "-C", root, "-czf", packed, "."]
        run_logged("packing Debian", pack, log, seconds=300)
        Path(packed).rename(archive)


def _unmount(root: Path) -> None:
    """Free a root that debootstrap was stopped in: it mounts /proc and /sys there for a while."""
    for name in ("proc", "sys"):
        if os.path.ismount(root / name):
            run(["umount", root / name])


def _build(docker: str, image: str, log: Path, *options: str) -> None:
    """Build from the Dockerfile; pip reaches packages as it does on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        command = [docker, "build", "--progress=plain", "--network=host", f"--file={DOCKERFILE}", f"--tag={image}"]
        command += [*options, *_secrets(os.environ, Path(folder)), str(PROJECT)]
        run_logged(f"building {image}", command, log, seconds=BUILD_SECONDS, environment={"DOCKER_BUILDKIT": "1"})


def _secrets(environment: Mapping[str, str], folder: Path) -> list[str]:
    """Options that hand pip's settings and certificates to the build, but not to the image."""
    options = []
    certificates = (
        environment.get("PIP_CERT") or environment.get("REQUESTS_CA_BUNDLE") or environment.get("SSL_CERT_FILE")
    )
    if certificates:
        options.append(f"--secret=id=ca,src={certificates}")
    names = ("index-url", "extra-index-url", "trusted-host", "proxy")
    settings = {name: environment.get("PIP_" + name.upper().replace("-", "_")) for name in names}
    if any(settings.values()):
        file = folder / "pip.conf"
        lines = [f"{name} = {value}" for name, value in settings.items() if value]
        file.write_text("\n".join(["[global]", *lines, ""]), encoding="utf-8")
        options.append(f"--secret=id=pip,src={file}")
    return options


def _push(docker: str, image: str, log: Path) -> None:
    run_logged(f"pushing {image}", [docker, "push", image], log, seconds=PUSH_SECONDS)
