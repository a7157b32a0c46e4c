"""Builds Kubernetes for one node from its Go modules (lab/kubernetes), and keeps it in the user's cache folder.

Owns what the build is made of and the names its one binary goes by. `pause`, which holds a pod's namespaces, is built
along with it.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from lab.errors import SetupError
from lab.go_build import GoModule, build_environment
from lab.progress import say
from lab.workplace import alone_in, aside_in

VERSION = "1.34.4"
MODULE = GoModule(
    folder=Path(__file__).resolve().parent.parent / "kubernetes",
    minimum_go=(1, 24, 0),
    small_module="github.com/NYTimes/gziphandler",
)
SOURCES = ("go.mod", "go.sum", "main.go", "pause/main.go")
NAMES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")


def obtain(environment: Mapping[str, str], cache: Path) -> Path:
    """The folder that holds `pause` and a link for each name, built if it is not in the cache.

    Raises:
        SetupError: there is no Go that can build it, or the build failed.
    """
    folder = cache / folder_name(MODULE.go_version(environment))
    if not folder.exists():
        with alone_in(cache, "building Kubernetes"), aside_in(cache) as aside:
            _build(folder, aside, environment)
    return folder


def folder_name(go: str) -> str:
    """Name of the folder for a build with that version of Go: equal names mean equal content."""
    key = hashlib.sha256("\n".join([go, *_flags()]).encode())
    for name in SOURCES:
        key.update((MODULE.folder / name).read_bytes())
    return f"kubernetes-{VERSION}-{key.hexdigest()[:12]}"


def _flags() -> list[str]:
    major, minor, _ = VERSION.split(".")
    stamps = {"gitVersion": f"v{VERSION}", "gitMajor": major, "gitMinor": minor}
    stamped = " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in stamps.items())
    return ["-trimpath", "-buildvcs=false", "-ldflags", f"-s -w {stamped}"]


def _build(folder: Path, aside: Path, environment: Mapping[str, str]) -> None:
    """Build into `folder`, which appears complete or not at all."""
    say(f"Building Kubernetes {VERSION} from its Go modules: once, six minutes or more on two processors")
    # Compiled packages and modules, 6 GB that nothing else would use, are removed with the folder they are in.
    cache, modules, made = aside / "cache", aside / "modules", aside / "made"
    go_environment = {**build_environment(environment, cache), "GOMODCACHE": str(modules)}
    go_environment["GOFLAGS"] += " -modcacherw"  # Go makes modules read-only, and they could not be removed
    MODULE.try_download(go_environment)
    made.mkdir()
    MODULE.run(["build", "-v", *_flags(), "-o", f"{made}/", ".", "./pause"], aside, go_environment)
    programs = sorted(file.name for file in made.iterdir())
    if programs != ["kubernetes", "pause"]:
        raise SetupError(f"go build made {programs}, and not kubernetes and pause: see lab/kubernetes")
    for name in NAMES:
        (made / name).symlink_to("kubernetes")
    made.rename(folder)
