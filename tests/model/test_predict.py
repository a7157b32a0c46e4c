"""Tests of model.predict, over real HTTP against a web server on loopback that gives canned answers."""

import json
import socket
from typing import Any

import numpy as np
import pytest

from model import picture, predict
from model.errors import ModelError
from tests.model.conftest import WebServer

IMAGES = np.array([[[0, 1], [0.5, 0]]] * 2, np.float32)
LOGITS = (np.eye(10)[[3, 8]] * 9).tolist()


def test_images_are_sent_and_logits_returned(web_server: WebServer) -> None:
    """As TensorFlow Serving's row format."""
    web_server.answers = [(200, json.dumps({"predictions": LOGITS}).encode())]

    logits = predict.ask(web_server.url, IMAGES)

    assert logits.tolist() == LOGITS
    assert json.loads(web_server.bodies[0]) == {"instances": IMAGES.tolist()}


def test_loading_server_is_asked_again(web_server: WebServer) -> None:
    """Status 503, while a model is still being loaded, does not end the client."""
    web_server.answers = [(503, b"{}"), (503, b"{}"), (200, json.dumps({"predictions": LOGITS}).encode())]

    assert predict.ask(web_server.url, IMAGES).shape == (2, 10)
    assert len(web_server.bodies) == 3


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (404, b'{"error": "Servable not found\\nfor request"}', r"no such model \(Servable not found for request\)"),
        (404, b"<html>", r"no such model \(no reason given\); see: pulumi stack output predictUrl"),
        (400, b'{"error": "shape"}', r"refused with status 400 \(shape\); is --dataset the one"),
        (503, b'{"error": "loading"}', r"refused with status 503 \(loading\)"),
        (200, b"<html>", "answered without usable predictions"),
        (200, b"[]", "answered without usable predictions"),
        (200, b'{"outputs": []}', "answered without usable predictions"),
        (200, b'{"predictions": [[1], [1, 2]]}', "answered without usable predictions"),
        (200, b'{"predictions": [[1, 2]]}', r"predictions of shape \(1, 2\), expected \(2, 10\)"),
    ],
)
def test_other_answers_are_explained(web_server: WebServer, status: int, body: bytes, message: str) -> None:
    """One line with the URL, what was found and what to do."""
    web_server.answers = [(status, body)]

    with pytest.raises(ModelError, match=message) as error:
        predict.ask(web_server.url, IMAGES)
    assert str(error.value).startswith(web_server.url)
    assert "\n" not in str(error.value)


def test_refused_connection_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens: is the stack up?"""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1/models/m:predict"

        with pytest.raises(ModelError, match="cannot be reached; is the stack up\\? Start it: make up"):
            predict.ask(url, IMAGES)


def test_silent_server_does_not_hold_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who accepts but never answers is given up after a while."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(predict, "TIMEOUT_SECONDS", (1, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"

        with pytest.raises(ModelError, match=r"did not answer within 0\.2 s"):
            predict.ask(url, IMAGES)


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1/", "http://"])
def test_unusable_url_is_named(url: str) -> None:
    """A slip of the pen is no traceback."""
    with pytest.raises(ModelError, match=f"{url} is no usable URL"):
        predict.ask(url, IMAGES)


def test_wrong_predictions_are_marked() -> None:
    """Each picture has its caption; the last line counts."""
    logits: Any = np.array([[2.0] + [0.0] * 9, [0.0] * 9 + [30.0]])

    shown = predict.show(IMAGES, np.array([4, 9]), logits, picture.ASCII, 80).splitlines()

    assert shown == [
        "  @@                    @@",
        "++                    ++",
        "predicted 0 (45.1%)   predicted 9 (100.0%)",
        "true 4  <- WRONG      true 9",
        "",
        "1 of 2 right",
    ]
