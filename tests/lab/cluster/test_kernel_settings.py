"""Settings of the kernel, in a folder that looks like /proc/sys."""

from pathlib import Path

import pytest

from lab.cluster import kernel_settings
from lab.cluster.places import Places


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A /proc/sys with all settings at 0."""
    for name in kernel_settings.CHANGED:
        (tmp_path / "sys" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sys" / name).write_text("0\n")
    return tmp_path / "sys"


def test_what_was_changed_is_put_back(places: Places, system: Path) -> None:
    """Forwarding is switched on; in the end all is as it was, whoever changed it."""
    kernel_settings.up(places, system)
    assert (system / "net/ipv4/ip_forward").read_text() == "1"
    (system / "kernel/panic").write_text("10\n")

    kernel_settings.restore(places, system)

    assert {(system / name).read_text().strip() for name in kernel_settings.CHANGED} == {"0"}


def test_the_first_look_counts(places: Places, system: Path) -> None:
    """A second `up` does not take the lab's own values for the user's."""
    kernel_settings.up(places, system)
    kernel_settings.up(places, system)

    kernel_settings.restore(places, system)

    assert (system / "net/ipv4/ip_forward").read_text().strip() == "0"


def test_nothing_is_put_back_twice(places: Places, system: Path) -> None:
    """What the user sets after `down` stays."""
    kernel_settings.up(places, system)
    kernel_settings.restore(places, system)
    (system / "kernel/panic").write_text("5")

    kernel_settings.restore(places, system)

    assert (system / "kernel/panic").read_text() == "5"


def test_a_setting_that_this_kernel_has_not_is_left_out(places: Places, system: Path) -> None:
    """Kernels differ."""
    (system / "vm/panic_on_oom").unlink()

    kernel_settings.up(places, system)
    kernel_settings.restore(places, system)

    assert not (system / "vm/panic_on_oom").exists()
