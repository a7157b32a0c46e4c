"""What to do about a plugin's error."""

import pytest

from infra.remedies import Remedies


def test_the_first_pattern_found_gives_the_remedy() -> None:
    """The remedy of the first pattern that stands in any of the errors counts, in any case of letters."""
    remedies = Remedies({"already exists": "remove it", "exists": "look at it"})

    assert remedies.of(["creating failed", 'deployments "m" ALREADY exists']) == "remove it"
    assert remedies.of(["it exists"]) == "look at it"
    assert remedies.of(["something else"]) is None


def test_a_failing_resource_is_never_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hook says the remedy with the resource's name, and tells the engine not to try again."""
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.error", said.append)
    options = Remedies({"boom": "do this"}).options("server")
    assert options.hooks and options.hooks.on_error  # noqa: PT018 - one thing, for the type checker
    hook = options.hooks.on_error[0]

    class Failed:
        name = "server"
        errors = ("boom",)

    assert hook.callback(Failed()) is False  # type: ignore[arg-type]
    assert hook.name == "remedy-server"
    assert said == ["server: do this"]
