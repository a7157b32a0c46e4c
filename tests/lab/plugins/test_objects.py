"""Declared and live objects."""

import pytest

from lab.plugins import objects


def test_identities_stand_for_names() -> None:
    """An id is the namespace and the name, or the name alone, and both can be had back from it."""
    named = {"metadata": {"name": "n", "namespace": "s"}}

    assert objects.identity(named) == "s/n"
    assert objects.identity({"metadata": {"name": "n"}}) == "n"
    assert objects.from_identity("kubernetes:apps/v1:Deployment", "s/n") == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        **named,
    }
    assert objects.from_identity("kubernetes:core/v1:Namespace", "n")["apiVersion"] == "v1"
    assert objects.name_of("n") == {"name": "n"}


def test_automatic_names_differ() -> None:
    """Each is the resource's name with something of its own."""
    first, second = objects.automatic_name("web"), objects.automatic_name("web")

    assert first.startswith("web-")
    assert first != second


def test_only_the_declared_part_is_left() -> None:
    """Undeclared fields go, and so do elements after the end of a declared list; values stay the live ones."""
    live = {"a": {"x": 1, "y": 2}, "list": [{"v": "live", "w": 0}, {"v": "added"}], "status": {}}

    assert objects.prune(live, {"a": {"x": 9}, "list": [{"v": "declared"}], "gone": 1}) == {
        "a": {"x": 1},
        "list": [{"v": "live"}],
    }


@pytest.mark.parametrize(
    ("given", "spelt"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        (2, "2"),
        (0.25, "250m"),
        ("1024Mi", "1Gi"),
        ("1500Mi", "1500Mi"),
        ("1.5Gi", "1536Mi"),
        ("1000M", "1G"),
        ("100", "100"),
        ("0", "0"),
        ("much", "much"),
    ],
)
def test_quantities_are_spelt_as_the_server_does(given: object, spelt: str) -> None:
    """Amounts that mean the same are the same text; what is no amount stays."""
    assert objects.quantity(given) == spelt


def test_normalising_changes_the_spelling_only() -> None:
    """Limits and requests are normalised at any depth, a Secret's texts are encoded, other fields are left alone."""
    container = {"args": ["1000m"], "resources": {"limits": {"cpu": "1000m"}}}

    assert objects.normalise({"spec": {"containers": [container]}}) == {
        "spec": {"containers": [{"args": ["1000m"], "resources": {"limits": {"cpu": "1"}}}]}
    }
    assert objects.normalise({"kind": "Secret", "data": {"a": "YQ=="}, "stringData": {"b": "b"}}) == {
        "kind": "Secret",
        "data": {"a": "YQ==", "b": "Yg=="},
    }


def test_what_the_server_writes_is_no_declaration() -> None:
    """Status and bookkeeping go, names and labels stay."""
    live = {"metadata": {"name": "n", "uid": "1", "labels": {"a": "b"}}, "spec": 1, "status": 2}

    assert objects.without_written_by_server(live) == {"metadata": {"name": "n", "labels": {"a": "b"}}, "spec": 1}


def test_annotations_are_texts() -> None:
    """One that is missing is empty, as is one of an object without metadata."""
    assert objects.annotation({"metadata": {"annotations": {"a": True}}}, "a") == "True"
    assert objects.annotation({"metadata": {"annotations": None}}, "a") == ""
    assert objects.annotation({}, "a") == ""
