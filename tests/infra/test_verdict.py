"""The verdict on an image, kept in the artifact store."""

from dataclasses import replace
from pathlib import Path

import pytest

from infra import verdict
from infra.verdict import Verdict
from model.errors import ModelError
from model.store import open_store

IMAGE = "localhost:5000/m-serving@sha256:" + "cd" * 32
VERDICT = Verdict(
    model_digest="ab" * 32,
    model_name="m",
    model_version=3,
    image=IMAGE,
    base_image="tensorflow/serving:2.20.0",
    load_seconds=3.5,
    memory_bytes=2**28,
    examples=10,
    signature_checked=True,
    created="2026-01-01T00:00:00+00:00",
)


def test_a_verdict_is_found_by_the_images_digest(tmp_path: Path) -> None:
    """What was kept of an image is found under any repository's name for the same digest, and of no other image."""
    store = open_store("store", tmp_path)
    assert verdict.find(store, IMAGE) is None

    verdict.keep(store, VERDICT)

    assert verdict.find(store, IMAGE) == VERDICT
    assert verdict.find(store, IMAGE.replace("localhost:5000", "registry.example")) == VERDICT
    assert verdict.find(store, IMAGE.replace("cd", "ce")) is None


def test_the_first_verdict_stays(tmp_path: Path) -> None:
    """A second verdict on one image changes nothing."""
    store = open_store("store", tmp_path)
    verdict.keep(store, VERDICT)
    verdict.keep(store, replace(VERDICT, load_seconds=9.0))

    assert verdict.find(store, IMAGE) == VERDICT


def test_a_reference_without_digest_has_no_verdict(tmp_path: Path) -> None:
    """A tag may mean another image tomorrow: nothing can be kept about it."""
    with pytest.raises(ModelError):
        verdict.find(open_store("store", tmp_path), "localhost:5000/m-serving:3")
