"""When a version began to be served, seen from outside."""

import threading
import time

import pytest

from bench.checkout import CommandError
from bench.rollout_watch import Watch
from tests.infra.model_server import running


def test_the_moment_is_that_of_the_first_answer_with_the_version() -> None:
    """Another version, or one that is still loading, does not count."""
    with running() as server, Watch(server.port, "mymodel", 2) as watch:
        time.sleep(0.1)
        server.states = {1: "AVAILABLE", 2: "LOADING"}
        time.sleep(0.1)
        switched = time.time()
        server.states = {2: "AVAILABLE"}
        at = watch.served_at(10)

    assert 0 <= at - switched < 1


def test_a_server_that_is_not_there_yet_is_waited_for() -> None:
    """No answer is no error: the first update's Service does not exist when the clock starts."""
    with running() as server:
        server.refusal = (503, b"not yet")
        threading.Timer(0.2, setattr, (server, "refusal", None)).start()
        with Watch(server.port, "mymodel", 1) as watch:
            assert watch.served_at(10) > 0


def test_a_version_that_never_comes_is_an_error() -> None:
    """It names the URL and the version."""
    words = r"/v1/models/mymodel did not serve version 9 within 0\.2 s"
    with running() as server, Watch(server.port, "mymodel", 9) as watch, pytest.raises(CommandError, match=words):
        watch.served_at(0.2)


def test_nobody_asks_afterwards() -> None:
    """The thread ends with the block, whether the version came or not."""
    before = threading.active_count()
    with running() as server, Watch(server.port, "mymodel", 9):
        assert threading.active_count() > before

    assert threading.active_count() == before
