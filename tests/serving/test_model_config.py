"""The model config file."""

from pathlib import Path

import pytest

from serving.model_config import read_model_config
from serving.models import ModelConfig
from serving.protos import ProtoTextError
from serving.versions import All, Latest, Specific


def read(tmp_path: Path, *configs: str) -> list[ModelConfig]:
    """The models of a file with these configs."""
    file = tmp_path / "models"
    file.write_text("model_config_list {" + "".join(f"config {{ {config} }}" for config in configs) + "}")
    return read_model_config(file)


def test_models(tmp_path: Path) -> None:
    """Several models, each with its policy and labels."""
    rest = "base_path: '/m' model_platform: 'tensorflow'"
    assert read(
        tmp_path,
        f"name: 'a' {rest}",
        f"name: 'b' {rest} model_version_policy {{ latest {{ num_versions: 2 }} }}",
        f"name: 'c' {rest} model_version_policy {{ all {{}} }} version_labels {{ key: 'x' value: 3 }}",
        f"name: 'd' {rest} model_version_policy {{ specific {{ versions: 1 versions: 4 }} }}",
    ) == [
        ModelConfig("a", Path("/m"), Latest(1)),
        ModelConfig("b", Path("/m"), Latest(2)),
        ModelConfig("c", Path("/m"), All(), {"x": 3}),
        ModelConfig("d", Path("/m"), Specific(frozenset({1, 4}))),
    ]


def test_no_models(tmp_path: Path) -> None:
    """An empty list is a list."""
    assert read(tmp_path) == []


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("name: 'a' base_path: '/m'", "Illegal setting model_platform of model a .* it is missing"),
        ("name: 'a' base_path: '/m' model_platform: 'x'", "model_platform x of model a .* is not served"),
        ("name: 'a' base_path: 'm' model_platform: 'tensorflow'", "Expected model a to have an absolute path"),
        ("base_path: '/m' model_platform: 'tensorflow'", "A model in .* has no name"),
        (
            "name: 'a' base_path: '/m' model_platform: 'tensorflow' model_version_policy { specific {} }",
            "names no versions",
        ),
    ],
)
def test_refuses(tmp_path: Path, config: str, message: str) -> None:
    """A model that cannot be served as it is configured is refused in one line."""
    with pytest.raises(ProtoTextError, match=message):
        read(tmp_path, config)


def test_name_twice(tmp_path: Path) -> None:
    """A name may be used once."""
    config = "name: 'a' base_path: '/m' model_platform: 'tensorflow'"
    with pytest.raises(ProtoTextError, match=r"^Illegal to list model a multiple times in config list"):
        read(tmp_path, config, config)


def test_custom_config(tmp_path: Path) -> None:
    """A custom config is left out."""
    (tmp_path / "models").write_text("custom_model_config {}")
    with pytest.raises(ProtoTextError, match="custom_model_config is not served"):
        read_model_config(tmp_path / "models")
