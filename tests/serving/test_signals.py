"""What signals do before anything is served."""

import signal
import subprocess
import sys

import pytest

from tests.serving.processes import ROOT


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_leave(number: signal.Signals) -> None:
    """Either signal ends the process with status 0, and the log says which."""
    code = (
        "import time\nfrom serving.log import log_to_stderr\nfrom serving.signals import leave, on_signals\n"
        "log_to_stderr(); on_signals(leave); print('on', flush=True); time.sleep(30)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "on\n"
        process.send_signal(number)
        _, text = process.communicate(timeout=20)
    assert process.returncode == 0
    assert text.endswith(f"{number.name}: the model server ends\n")
    assert text.count("\n") == 1
