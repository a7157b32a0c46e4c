"""Records, start and end of processes, with real ones that only wait."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from lab.cluster.places import Places
from lab.cluster.processes import Part, ensure, listening, start_ticks
from lab.errors import SetupError
from tests.lab.cluster.ports import free_port
from tests.lab.processes import assert_gone

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes of the lab are told apart by /proc")
SLEEP = ["sleep", "60"]


def test_a_part_runs_until_it_is_stopped(places: Places) -> None:
    """Started it has a record with its pid; stopped it has none, and its process is gone."""
    part = Part(places, "waiting")

    assert part.start(SLEEP)
    record = part.record()
    assert record is not None
    assert start_ticks(record.pid) == record.started
    assert part.stop()

    assert_gone(record.pid)
    assert part.record() is None
    assert not part.stop(), "there is nothing left to stop"


def test_a_part_that_runs_is_not_started_again(places: Places) -> None:
    """The same command a second time changes nothing."""
    part = Part(places, "waiting")
    part.start(SLEEP)
    first = part.record()

    assert not part.start(SLEEP)
    assert part.record() == first


def test_a_part_with_another_command_is_started_anew(places: Places) -> None:
    """Arguments that changed, for instance with a new version of a program, take effect."""
    part = Part(places, "waiting")
    part.start(SLEEP)
    first = part.record()
    assert first is not None

    assert part.start(["sleep", "61"])

    assert_gone(first.pid)
    second = part.record()
    assert second is not None
    assert second.command == ["sleep", "61"]


@pytest.mark.parametrize("change", ["start", "boot"])
def test_a_pid_that_is_another_process_by_now_is_never_ended(change: str, places: Places) -> None:
    """A record counts only together with the start time and the boot it was made in."""
    with subprocess.Popen(SLEEP) as stranger:
        part = Part(places, "waiting")
        part.start(SLEEP)
        own = part.record()
        assert own is not None
        part.stop()
        ticks = start_ticks(stranger.pid)
        assert ticks is not None
        record = replace(own, pid=stranger.pid, started=ticks)
        record = replace(record, started=ticks - 1) if change == "start" else replace(record, boot="another")
        (places.run / "waiting.json").write_text(json.dumps(asdict(record)))

        assert part.record() is None
        assert not part.stop()
        assert stranger.poll() is None, "it lives on"
        stranger.kill()


def test_a_record_that_cannot_be_read_counts_as_none(places: Places) -> None:
    """A half-written or foreign file is no process."""
    places.run.mkdir(parents=True)
    (places.run / "waiting.json").write_text('{"pid": 1}')

    assert Part(places, "waiting").record() is None


def test_one_that_ignores_the_polite_signal_is_ended_by_force(places: Places) -> None:
    """SIGKILL follows when the time is over."""
    part = Part(places, "stubborn")
    part.start([sys.executable, "-c", "import signal, time; signal.signal(15, 1); print(flush=True); time.sleep(60)"])
    part.wait_for(lambda: b"\n\n" in part.log.read_bytes(), 10)
    record = part.record()
    assert record is not None

    assert part.stop(0.2)
    assert_gone(record.pid)


def test_one_that_ends_while_it_is_waited_for_is_told_with_its_last_words(places: Places) -> None:
    """The message has the last line and the log."""
    part = Part(places, "broken")
    part.start(["sh", "-c", "echo the flag is unknown >&2; exit 3"])

    with pytest.raises(SetupError, match=rf"broken ended \(the flag is unknown\): see {part.log}"):
        part.wait_for(lambda: False, 10)


def test_one_that_is_never_ready_is_told(places: Places) -> None:
    """The wait has an end."""
    part = Part(places, "slow")
    part.start(SLEEP)

    with pytest.raises(SetupError, match=rf"slow is not ready after 0\.3 s: see {part.log}"):
        part.wait_for(lambda: False, 0.3)


def test_a_program_that_is_not_there_is_told(places: Places) -> None:
    """One line, no record."""
    with pytest.raises(SetupError, match="absent cannot be started"):
        Part(places, "absent").start([str(places.state / "no-such-program")])

    assert Part(places, "absent").record() is None


def test_passphrases_are_not_handed_on(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server gets PATH and what it needs to reach the network, and nothing else of who starts it."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    part = Part(places, "telling")
    part.start(["sh", "-c", "env; exec sleep 60"])
    part.wait_for(lambda: b"HTTPS_PROXY=http://127.0.0.1:9\n" in part.log.read_bytes(), 10)
    part.wait_for(lambda: b"\nPATH=" in part.log.read_bytes(), 10)

    assert b"PASSPHRASE" not in part.log.read_bytes()


def test_a_server_is_ready_when_it_listens(places: Places) -> None:
    """`ensure` returns when the port takes connections, and a second time at once."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    part = Part(places, "server")

    ensure(part, command, port, 20)
    assert listening(port)
    first = part.record()
    ensure(part, command, port, 20)

    assert part.record() == first


def test_a_port_that_is_taken_is_told(places: Places) -> None:
    """What listens there is not ours, and it is left alone."""
    port = free_port()
    ensure(Part(places, "first"), [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)], port, 20)

    with pytest.raises(SetupError, match=f"second needs port {port}, which is taken"):
        ensure(Part(places, "second"), SLEEP, port, 20)

    assert Part(places, "second").record() is None


def test_a_process_that_has_ended_has_no_start(places: Places) -> None:  # noqa: ARG001 - for the end of processes
    """Neither one that never was, nor one whose parent has not asked for it yet."""
    with subprocess.Popen(["true"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert start_ticks(child.pid) is None
    assert start_ticks(2**22 + 1) is None
