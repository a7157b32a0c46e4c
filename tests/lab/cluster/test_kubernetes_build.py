"""Building Kubernetes with a `go` that only records what it was asked."""

import re
from pathlib import Path

import pytest

from lab.cluster import kubernetes_build
from lab.errors import SetupError
from tests.lab.stubs import write_program


@pytest.fixture
def go(tmp_path: Path) -> dict[str, str]:
    """Variables with a `go` on PATH whose build makes two programs; each call is written to `calls`."""
    write_program(
        tmp_path / "bin",
        "go",
        f"""
        {{ echo "$PWD|$GOFLAGS|$CGO_ENABLED|$GOCACHE|$GOMODCACHE|$*"; }} >> {tmp_path}/calls
        case "$1" in
        env) echo go1.26.8 ;;
        build)
            while [ "$1" != -o ]; do shift; done
            for name in kubernetes $EXTRA; do printf '#!/bin/sh\\n' > "$2$name"; /bin/chmod 755 "$2$name"; done ;;
        esac""",
    )
    return {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "EXTRA": "pause"}


def builds(tmp_path: Path) -> list[list[str]]:
    """Folder, flags, CGO, caches and arguments of each build."""
    lines = [line.split("|") for line in (tmp_path / "calls").read_text().splitlines()]
    return [line for line in lines if line[-1].startswith("build")]


def test_one_binary_goes_by_all_names(go: dict[str, str], tmp_path: Path) -> None:
    """Each name is a link to it, in a folder that is complete; a second time nothing is built."""
    folder = kubernetes_build.obtain(go, tmp_path / "cache")

    assert {file.name for file in folder.iterdir()} == {"kubernetes", "pause", *kubernetes_build.NAMES}
    assert all((folder / name).resolve() == folder / "kubernetes" for name in kubernetes_build.NAMES)
    assert kubernetes_build.obtain(go, tmp_path / "cache") == folder
    assert len(builds(tmp_path)) == 1


def test_go_builds_exactly_what_is_recorded(go: dict[str, str], tmp_path: Path) -> None:
    """In the folder of go.mod, which may not change; static; stamped with the version; caches gone afterwards."""
    kubernetes_build.obtain({**go, "GOFLAGS": "-mod=mod"}, tmp_path / "cache")

    ((folder, flags, cgo, cache, modules, arguments),) = builds(tmp_path)
    assert Path(folder) == kubernetes_build.MODULE.folder
    assert (flags, cgo) == ("-mod=readonly -modcacherw", "0")
    assert "component-base/version.gitVersion=v1.34.4" in arguments
    assert arguments.endswith(" . ./pause")
    for made in (cache, modules):
        assert Path(made).is_relative_to(tmp_path / "cache")
        assert not Path(made).exists()


def test_a_build_that_made_something_else_is_refused(go: dict[str, str], tmp_path: Path) -> None:
    """Nothing that looks complete stays behind."""
    with pytest.raises(SetupError, match=r"go build made \['kubernetes'\], and not"):
        kubernetes_build.obtain({**go, "EXTRA": ""}, tmp_path / "cache")

    assert [file.name for file in (tmp_path / "cache").iterdir()] == ["lock"]


def test_each_input_of_a_build_has_a_part_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go's version, the flags and every source: another one of them is another folder."""
    module = kubernetes_build.MODULE
    (tmp_path / "pause").mkdir()
    for name in kubernetes_build.SOURCES:
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(kubernetes_build, "MODULE", type(module)(tmp_path, module.minimum_go, module.small_module))
    names = [kubernetes_build.folder_name("go1.26.8"), kubernetes_build.folder_name("go1.26.9")]
    monkeypatch.setattr(kubernetes_build, "_flags", lambda: ["-race"])
    names.append(kubernetes_build.folder_name("go1.26.8"))
    for name in kubernetes_build.SOURCES:
        (tmp_path / name).write_text("other")
        names.append(kubernetes_build.folder_name("go1.26.8"))

    assert len(set(names)) == len(names) == 7


def test_the_modules_are_of_the_version_that_is_asked_for() -> None:
    """Kubernetes and each of its libraries, whose versions count from zero."""
    text = (kubernetes_build.MODULE.folder / "go.mod").read_text(encoding="utf-8")

    assert f"k8s.io/kubernetes v{kubernetes_build.VERSION}\n" in text
    replaced = re.findall(r"=> k8s\.io/\S+ v(\S+)", text)
    assert len(replaced) > 25
    assert set(replaced) == {kubernetes_build.VERSION.replace("1.", "0.", 1)}
    assert f"{kubernetes_build.MODULE.small_module} " in text
    major, minor, patch = kubernetes_build.MODULE.minimum_go
    assert f"go {major}.{minor}.{patch}\n" in text


def test_the_program_knows_each_name() -> None:
    """A link that the program does not know would be of no use."""
    source = (kubernetes_build.MODULE.folder / "main.go").read_text(encoding="utf-8")

    assert all(f'"{name}"' in source for name in kubernetes_build.NAMES)
