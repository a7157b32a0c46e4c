"""The log's lines, in a process of their own: logging is set up once per process."""

import re
import subprocess
import sys

import pytest

from tests.serving.processes import ROOT


def logged(code: str) -> str:
    """What a Python program writes to standard error."""
    command = [sys.executable, "-c", f"import logging\nfrom serving.log import announce, log_to_stderr\n{code}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == ""
    return done.stderr


def test_lines_look_like_tensorflow_servings() -> None:
    """A line has date, time, the level's letter, module and line number."""
    text = logged("log_to_stderr(); logging.getLogger('serving.x').warning('hot')")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}: W serving\.x:\d+\] hot\n", text)


def test_libraries_say_little() -> None:
    """TensorFlow's warnings and uvicorn's progress stay out of the log; errors come through."""
    text = logged(
        "log_to_stderr()\n"
        "logging.getLogger('tensorflow').warning('deprecated')\n"
        "logging.getLogger('uvicorn.error').info('started')\n"
        "logging.getLogger('tensorflow').error('broken')"
    )
    assert text.count("\n") == 1
    assert text.endswith("] broken\n")


@pytest.mark.parametrize(("host", "told"), [("127.0.0.1", "localhost"), ("0.0.0.0", "0.0.0.0")])  # noqa: S104
def test_open_port_is_told(host: str, told: str) -> None:
    """The line that tells of the open port names loopback as TensorFlow Serving does, other addresses as they are."""
    text = logged(f"log_to_stderr(); announce({host!r}, 8501)")
    assert text.endswith(f"] Exporting HTTP/REST API at:{told}:8501 ...\n")
