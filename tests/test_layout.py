"""The architecture, held: who may import what, docstrings, and tests that mirror the tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("model", "serving", "infra", "lab", "bench")
# The part of model/ that infra may use: it imports neither TensorFlow nor NumPy.
LIGHT = {
    f"model.{name}"
    for name in (
        "artifact", "comparison", "datasource", "digest", "document", "errors", "files", "fingerprint",
        "hyperparameters", "lifeline", "manifest", "remote_files", "remote_store", "staging", "store", "store_access",
        "store_documents", "store_url"
    )
}  # fmt: skip
HEAVY = {"tensorflow", "keras", "numpy", "sklearn", "matplotlib"}
# Files whose every line another file's test runs, or that have no behaviour of their own.
UNMIRRORED = {"model/errors.py", "lab/errors.py", "infra/training_process.py", "bench/bare/__main__.py"}


def imported(path: Path) -> set[str]:
    """Names of the modules that a file imports, anywhere in it; `from package import module` counts as the module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in submodules if _file(name).exists()} or {node.module}
    return found


def _file(module: str) -> Path:
    return ROOT / (module.replace(".", "/") + ".py")


def modules(package: str) -> Iterator[Path]:
    """The Python files of a package."""
    return (ROOT / package).rglob("*.py")


def own_imports(package: str) -> set[str]:
    """Modules of this project that a package imports from other packages of it."""
    names = {name for path in modules(package) for name in imported(path)}
    return {name for name in names if name.split(".")[0] in {*PACKAGES, "tests"} - {package}}


@pytest.mark.parametrize("package", ["model", "serving", "lab"])
def test_model_serving_and_lab_stand_alone(package: str) -> None:
    """None of them imports another package of this project."""
    assert own_imports(package) == set()


def test_infra_uses_the_light_part_of_the_model_only() -> None:
    """Infra imports of this project only what of model/ needs no TensorFlow, and nothing heavy itself."""
    assert own_imports("infra") <= LIGHT
    assert {name.split(".")[0] for path in modules("infra") for name in imported(path)} & HEAVY == set()


def test_the_light_part_is_light() -> None:
    """What infra may import of model/ imports nothing heavy, and of model/ only more of the light part."""
    names = {name for module in LIGHT for name in imported(_file(module))}
    assert {name.split(".")[0] for name in names} & HEAVY == set()
    assert {name for name in names if name.startswith("model.")} <= LIGHT


def test_the_program_imports_pulumi_and_infra_only() -> None:
    """`__main__.py` has at most 40 lines, imports nothing but Pulumi and infra, and decides nothing."""
    program = ROOT / "__main__.py"
    tree = ast.parse(program.read_text(encoding="utf-8"))

    assert {name.split(".")[0] for name in imported(program)} == {"pulumi", "infra"}
    assert len(program.read_text(encoding="utf-8").splitlines()) <= 40
    assert not any(isinstance(node, ast.If | ast.For | ast.While | ast.Lambda) for node in ast.walk(tree))


@pytest.mark.parametrize("package", [*PACKAGES, "tests"])
def test_every_module_says_what_it_owns(package: str) -> None:
    """Every module starts with a docstring."""
    assert [path for path in modules(package) if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_tests_mirror_the_tree(package: str) -> None:
    """Every module has a test file at the mirrored path."""
    missing = {
        path.relative_to(ROOT).as_posix()
        for path in modules(package)
        if path.name != "__init__.py" and not _mirror(path).exists()
    }
    assert missing - UNMIRRORED == set()


def _mirror(path: Path) -> Path:
    return ROOT / "tests" / path.relative_to(ROOT).parent / f"test_{path.stem.strip('_')}.py"
