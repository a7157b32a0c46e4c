"""A stack in the lab: the CLI's lines with a clock, its errors, and its end when it is interrupted."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from bench import rollout_stack
from bench.checkout import CommandError
from bench.rollout_stack import LabStack
from lab.plugins.start import MARKER


def stack_of(folder: Path, script: str) -> LabStack:
    """A stack whose Pulumi CLI is a shell script."""
    cli = folder / "pulumi"
    cli.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    cli.chmod(0o755)
    return LabStack(folder, folder, folder, folder / "kubeconfig")


def test_every_line_has_its_moment(tmp_path: Path) -> None:
    """A line's time is when it was printed, not when the command ended; errors' lines count too."""
    stack = stack_of(tmp_path, 'echo "$@"; sleep 0.4; echo later >&2')
    started = time.time()
    first, second = stack.up("--expect-no-changes")

    assert first.text.split() == [
        "--non-interactive",
        "--color=never",
        "up",
        "--yes",
        "--skip-preview",
        "--expect-no-changes",
    ]
    assert second.text == "later\n"
    assert started <= first.at < second.at - 0.3


def test_the_cluster_is_the_labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CLI and its plugins get this kubeconfig, whatever the user's is."""
    monkeypatch.setenv("KUBECONFIG", "/another")
    (line,) = stack_of(tmp_path, "echo $KUBECONFIG").up()

    assert line.text == f"{tmp_path}/kubeconfig\n"


@pytest.mark.parametrize(("named", "name"), [((), "dev"), (("prod",), "prod")])
def test_the_stack_is_the_one_that_is_named(
    named: tuple[str, ...], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is `dev` unless another one is asked for, on a backend of its own; the plugins are put into its home."""
    monkeypatch.setattr(rollout_stack, "ROOT", tmp_path)
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "plugins.py").write_text(
        "import os, pathlib; pathlib.Path('home').write_text(os.environ['PULUMI_HOME'])"
    )
    cli = stack_of(tmp_path, f"echo $* >> {tmp_path}/told").cli
    stack = LabStack.bring(tmp_path / "brought", {}, cli, tmp_path / "kubeconfig", *named)

    assert (tmp_path / "told").read_text(encoding="utf-8").splitlines()[-1].endswith(f"stack select --create {name}")
    assert (tmp_path / "home").read_text(encoding="utf-8") == f"{stack.folder}/.pulumi-home"


def test_an_up_that_fails_is_an_error_with_its_error_lines(tmp_path: Path) -> None:
    """Outputs and counts, which come last, would say nothing of the reason."""
    stack = stack_of(tmp_path, "echo '  error: no registry'; seq 100; exit 255")

    with pytest.raises(CommandError) as caught:
        stack.up()

    assert str(caught.value) == "pulumi up ended with 255: error: no registry"


def test_seconds_are_those_of_the_whole_command(tmp_path: Path) -> None:
    """The clock runs until the CLI has ended, not until its last line."""
    assert 0.3 <= stack_of(tmp_path, "echo done; exec >&- 2>&-; sleep 0.3").up_seconds() < 5


@pytest.mark.usefixtures("interruptible")
@pytest.mark.timeout(60)
def test_an_interrupt_ends_the_cli_once_and_awaits_it(tmp_path: Path) -> None:
    """It gets one signal, has the time to put things in order, and is gone afterwards."""
    stack = stack_of(
        tmp_path,
        "trap 'echo interrupted >> told' INT\necho up\nwhile [ ! -e told ]; do sleep 0.05; done\nsleep 1; touch ended",
    )
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        stack.up()

    assert (tmp_path / "told").read_text(encoding="utf-8") == "interrupted\n"
    assert (tmp_path / "ended").exists()


def test_an_interrupt_of_the_terminal_does_not_reach_the_cli_by_itself(tmp_path: Path) -> None:
    """It runs in a process group of its own: else Ctrl-C would reach it from the terminal, and again from here."""
    own, group = stack_of(tmp_path, "echo $$; ps -o pgid= -p $$").up()

    assert int(own.text) == int(group.text)


def test_the_plugins_are_named(tmp_path: Path) -> None:
    """Figures with stand-ins are told from figures with the official plugins."""
    stack = stack_of(tmp_path, "")
    assert stack.plugins == "the official plugins"

    stand_in = tmp_path / ".pulumi-home" / "plugins" / "resource-docker-v5.2.0"
    stand_in.mkdir(parents=True)
    (stand_in / MARKER).touch()

    assert "stand-ins" in stack.plugins
