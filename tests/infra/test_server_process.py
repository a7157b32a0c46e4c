"""The local server's process and its record."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from infra import server_process
from infra.server_process import ServerRecord

RECORD = ServerRecord(pid=4, started=5.25, port=8501, model_name="m", version=3, folder="")


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """The record survives its file; without one, or with another file there, there is none."""
    assert server_process.read_record(tmp_path) is None
    record = ServerRecord(**(vars(RECORD) | {"folder": str(tmp_path)}))

    record.write()

    assert server_process.read_record(tmp_path) == record
    (tmp_path / "server.json").write_text("{}", encoding="utf-8")
    assert server_process.read_record(tmp_path) is None


@pytest.mark.parametrize("disposition", ["SIG_DFL", "SIG_IGN"])
def test_stop_ends_a_process_even_one_that_ignores_it(disposition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that does not end in time is killed; one that is another's by its start time is left alone."""
    monkeypatch.setattr(server_process, "STOP_TIMEOUT_SECONDS", 0.5)
    script = f"import signal, time; signal.signal(15, signal.{disposition}); print('ready', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        started = psutil.Process(child.pid).create_time()

        server_process.stop(child.pid, started - 60)
        assert server_process.is_alive(child.pid, started)
        server_process.stop(child.pid, started)
        assert not server_process.is_alive(child.pid, started)


def test_stopping_what_is_gone_is_fine() -> None:
    """No such process is what was wanted."""
    server_process.stop(2**22, 1.0)
