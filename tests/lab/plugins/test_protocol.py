"""The messages without the rest of the pulumi package."""

import subprocess
import sys
from pathlib import Path

import lab

CODE = """
from lab.plugins.protocol import import_only_the_protocol
import_only_the_protocol()
from pulumi.runtime.proto import provider_pb2
import sys
unneeded = ("pulumi.output", "pulumi.runtime.proto.language_pb2")
print(provider_pb2.DiffResponse.DIFF_NONE, *(name in sys.modules for name in unneeded))
"""


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the code in a Python of its own."""
    root = str(Path(lab.__file__).parent.parent)
    command = [sys.executable, *options, "-c", f"import sys; sys.path.insert(0, {root!r})\n{CODE}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_only_the_messages_are_imported() -> None:
    """The messages can be used, and nothing else of pulumi has been run."""
    assert run().stdout.split() == ["1", "False", "False"]


def test_a_python_without_pulumi_says_so() -> None:
    """It ends with one line that tells what to do."""
    answer = run("-S")

    assert answer.returncode == 1
    assert "has no package pulumi: run `make up`" in answer.stderr
    assert "Traceback" not in answer.stderr
