"""Why a model is trained again, in the words of who reviews it.

Owns the sentence made from a model's old and new inputs. Does not decide anything and reads nothing.
"""

from collections.abc import Mapping
from typing import Any

from infra.naming import camel_case
from model.hyperparameters import Hyperparameters

HYPERPARAMETERS = tuple(map(camel_case, Hyperparameters.__dataclass_fields__))


def changes(olds: Mapping[str, Any], news: Mapping[str, Any]) -> str:
    """What differs between two sets of TrainedModel inputs: "epochs 5 -> 6, network.py changed"."""
    words = [_arrow(key, olds.get(key), news[key]) for key in HYPERPARAMETERS if olds.get(key) != news[key]]
    words += _dataset(olds, news)
    words += _packages(olds.get("packages") or {}, news["packages"])
    words += _sources(olds.get("sources") or {}, news["sources"])
    return ", ".join(words) or "nothing that decides the result changed"


def _arrow(name: str, old: Any, new: Any) -> str:
    return f"{name} {text(old)} -> {text(new)}"


def text(value: Any) -> str:
    """A value as people write it; Pulumi hands every number over as a float."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _dataset(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    if olds.get("dataset") != news["dataset"]:
        return [_arrow("dataset", olds.get("dataset"), news["dataset"])]
    same = olds.get("datasetSha256") == news["datasetSha256"]
    return [] if same else [f"dataset {news['dataset']} has new content"]


def _packages(olds: Mapping[str, str], news: Mapping[str, str]) -> list[str]:
    return [_arrow(name, olds.get(name), version) for name, version in news.items() if olds.get(name) != version]


def _sources(olds: Mapping[str, str], news: Mapping[str, str]) -> list[str]:
    return [f"{name} changed" for name, digest in news.items() if olds.get(name) != digest]
