"""Why a model is trained again, in words."""

from typing import Any

from infra.explanation import changes

OLD: dict[str, Any] = {
    "epochs": 5.0,
    "batchSize": 32.0,
    "hiddenUnits": 128.0,
    "learningRate": 0.001,
    "dropout": 0.2,
    "seed": 0.0,
    "dataset": "digits",
    "datasetSha256": "aa",
    "packages": {"tensorflow": "2.20.0", "numpy": "2.4.6"},
    "sources": {"network.py": "11", "train.py": "22"},
}


def test_hyperparameters_are_shown_old_to_new() -> None:
    """Integers look like integers although Pulumi hands them over as floats."""
    assert changes(OLD, OLD | {"epochs": 6.0, "learningRate": 0.01}) == "epochs 5 -> 6, learningRate 0.001 -> 0.01"


def test_another_dataset_and_new_content_are_told_apart() -> None:
    """Another name is shown old to new; the same name with other bytes says so."""
    assert changes(OLD, OLD | {"dataset": "mnist", "datasetSha256": "bb"}) == "dataset digits -> mnist"
    assert changes(OLD, OLD | {"datasetSha256": "bb"}) == "dataset digits has new content"


def test_packages_and_sources_are_named() -> None:
    """A package shows its versions, a source its file name."""
    news = OLD | {
        "packages": {"tensorflow": "2.21.0", "numpy": "2.4.6"},
        "sources": {"network.py": "1", "train.py": "22"},
    }

    assert changes(OLD, news) == "tensorflow 2.20.0 -> 2.21.0, network.py changed"


def test_nothing_is_said_to_be_nothing() -> None:
    """Equal inputs have no reason."""
    assert changes(OLD, OLD) == "nothing that decides the result changed"
