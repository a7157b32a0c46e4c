"""The model config file: which models are served, from where, in which versions and under which labels.

Owns reading `--model_config_file` and what may stand in it (core/server_core.cc); when it is read again is
`configuration`'s.
"""

from pathlib import Path
from typing import Any

from serving.models import ModelConfig
from serving.protos import ProtoTextError, read_text
from serving.versions import All, Latest, Policy, Specific


def read_model_config(path: Path) -> list[ModelConfig]:
    """The models of a config file.

    Raises:
        ProtoTextError: the file cannot be read, or says what cannot be served; one line.
    """
    message = read_text("ModelServerConfig", path)
    if message.HasField("custom_model_config"):
        raise ProtoTextError(f"Invalid protobuf file: {path}: custom_model_config is not served; use model_config_list")
    found = [_model(config, path) for config in message.model_config_list.config]
    names = [model.name for model in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ProtoTextError(f"Illegal to list model {twice[0]} multiple times in config list: {path}")
    return found


def _model(config: Any, path: Path) -> ModelConfig:
    if not config.name:
        raise ProtoTextError(f"A model in {path} has no name")
    if not config.model_platform:
        raise ProtoTextError(
            f"Illegal setting model_platform of model {config.name} in {path}: it is missing; "
            'say model_platform: "tensorflow"'
        )
    if config.model_platform != "tensorflow":
        raise ProtoTextError(
            f"model_platform {config.model_platform} of model {config.name} in {path} is not served; "
            'say model_platform: "tensorflow"'
        )
    if not Path(config.base_path).is_absolute():
        raise ProtoTextError(
            f"Expected model {config.name} to have an absolute path or URI; got base_path()={config.base_path}"
        )
    labels = {label.key: label.value for label in config.version_labels}
    return ModelConfig(config.name, Path(config.base_path), _policy(config, path), labels)


def _policy(config: Any, path: Path) -> Policy:
    policy = config.model_version_policy
    if policy.HasField("all"):
        return All()
    if policy.HasField("specific"):
        if not policy.specific.versions:
            raise ProtoTextError(f"The specific version policy of model {config.name} in {path} names no versions")
        return Specific(frozenset(policy.specific.versions))
    return Latest(max(policy.latest.num_versions, 1))
