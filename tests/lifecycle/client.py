"""A client of the prediction API that never pauses, to see whether a change loses a request.

Owns the asking and the counting. Does not judge.
"""

import threading
import time

import requests


class Client:
    """Asks at 50 requests a second, in turn on a kept and on a new connection, until it is stopped."""

    def __init__(self, url: str) -> None:
        self.url, self.lost, self.answered = url, list[str](), 0
        self.answers: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        body = {"instances": [[[0.5] * 8] * 8]}
        with requests.Session() as kept:
            while not self._stop.is_set():
                for ask in (kept.post, requests.post):
                    self._ask(ask, body)
                    time.sleep(0.02)

    def _ask(self, ask: object, body: object) -> None:
        try:
            answer = ask(self.url, json=body, timeout=10)  # type: ignore[operator]
        except requests.RequestException as error:
            self.lost.append(repr(error))
            return
        self.answered += 1
        if answer.status_code == requests.codes.ok:
            self.answers.add(answer.text)
        else:
            self.lost.append(answer.text)
