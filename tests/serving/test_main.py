"""`python -m serving` as a command."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving.processes import ROOT, free_port


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command until it ends by itself."""
    command = [sys.executable, "-m", "serving", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--model_base_path is missing: say --model_base_path=/absolute/path/to/model\n"),
        (("--model_base_path=/m", "--rest_api_port=x"), "--rest_api_port=x: it must be a whole number\n"),
    ],
)
def test_bad_flags_are_one_line(arguments: tuple[str, ...], message: str) -> None:
    """A flag that cannot be used ends the command with one line and TensorFlow Serving's exit status."""
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout, ended.stderr) == (255, "", message)


def test_help() -> None:
    """Help prints the flags."""
    ended = run("--help")
    assert ended.returncode == 255
    assert ended.stdout.startswith("usage: ")


def test_port_that_is_taken(base_path: Path) -> None:
    """A port that is taken ends the command at once, with one line that says how to go on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run(f"--model_base_path={base_path}", f"--rest_api_port={port}")
    assert ended.returncode == 255
    assert ended.stderr == (
        f"Cannot listen on 127.0.0.1:{port}: Address already in use; "
        f"see who does with `lsof -i :{port}`, or choose another --rest_api_port\n"
    )


def test_address_of_another_machine(base_path: Path) -> None:
    """An address that is not this machine's is refused in one line."""
    ended = run(f"--model_base_path={base_path}", f"--rest_api_port={free_port()}", "--rest_api_host=192.0.2.1")
    assert ended.returncode == 255
    assert ended.stderr.startswith("Cannot listen on 192.0.2.1:")
    assert ended.stderr.count("\n") == 1


def test_model_that_cannot_be_loaded(tmp_path: Path) -> None:
    """A model that cannot be loaded ends the command with TensorFlow Serving's line and exit status."""
    (tmp_path / "m" / "1").mkdir(parents=True)
    ended = run(
        f"--model_base_path={tmp_path / 'm'}",
        "--model_name=m",
        f"--rest_api_port={free_port()}",
        "--max_num_load_retries=0",
    )
    assert ended.returncode == 255
    assert ended.stdout == (
        "Failed to start server. Error: UNKNOWN: 1 servable(s) did not become available: {{{name: m version: 1} due to "
        "error: NOT_FOUND: Could not find SavedModel .pb or .pbtxt at supplied export directory path: "
        f"{tmp_path / 'm' / '1'}}}, }}\n"
    )
    assert "Traceback" not in ended.stderr
