"""Which packages are missing, and their installation by an `apt-get` that only records."""

from pathlib import Path

import pytest

from lab.cluster import packages
from lab.errors import SetupError
from tests.lab.stubs import write_program


def test_a_package_is_missing_if_its_program_is() -> None:
    """Programs of another origin do as well."""
    assert packages.missing(engine=False, found=lambda _: True) == []
    assert packages.missing(engine=False, found=lambda program: program != "etcd") == ["etcd-server"]
    assert packages.missing(engine=False, found=lambda program: "cni" not in program) == ["containernetworking-plugins"]


def test_no_engine_is_installed_beside_one_that_answers() -> None:
    """Docker may run without being a program of this machine."""
    assert packages.missing(engine=False, found=lambda program: program != "dockerd") == ["docker.io"]
    assert packages.missing(engine=True, found=lambda program: program != "dockerd") == []


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `apt-get` whose `install` makes the program `the-program`; the file that records its calls."""
    calls, folder = tmp_path / "calls", tmp_path / "bin"
    policy = tmp_path / "policy-rc.d"
    write_program(
        folder,
        "apt-get",
        f"""echo "$DEBIAN_FRONTEND $* $(/bin/tail -n 1 {policy} 2>/dev/null)" >> {calls}
        [ "$1" = install ] && [ ! -e {tmp_path}/broken ] && /bin/cp "$0" {folder}/the-program
        [ ! -e {tmp_path}/failing ] || {{ echo 'E: no room left' >&2; exit 100; }}
        exit 0""",
    )
    monkeypatch.setattr(packages, "PACKAGES", {"the-package": "the-program"})
    monkeypatch.setattr(packages, "POLICY", policy)
    monkeypatch.setenv("PATH", str(folder))
    return calls


def test_what_is_missing_is_installed_without_its_services(apt: Path, tmp_path: Path) -> None:
    """While apt works, Debian's policy forbids to start services; afterwards the policy is gone."""
    packages.install(tmp_path / "log", engine=False)

    assert apt.read_text().splitlines() == [
        "noninteractive update exit 101",
        "noninteractive install --yes --no-install-recommends the-package exit 101",
    ]
    assert not packages.POLICY.exists()


def test_nothing_is_asked_of_apt_when_nothing_is_missing(apt: Path, tmp_path: Path) -> None:
    """The second time costs nothing."""
    packages.install(tmp_path / "log", engine=False)
    apt.unlink()

    packages.install(tmp_path / "log", engine=False)

    assert not apt.exists()


def test_a_policy_of_the_user_stays(apt: Path, tmp_path: Path) -> None:
    """It is neither changed nor removed."""
    packages.POLICY.write_text("mine")

    packages.install(tmp_path / "log", engine=False)

    assert apt.exists()
    assert packages.POLICY.read_text() == "mine"


@pytest.mark.usefixtures("apt")
def test_an_apt_that_fails_is_told_and_leaves_no_policy(tmp_path: Path) -> None:
    """The message has apt's last line and the log."""
    (tmp_path / "failing").touch()

    with pytest.raises(SetupError, match=r"apt-get update failed \(E: no room left\): see .*log"):
        packages.install(tmp_path / "log", engine=False)

    assert not packages.POLICY.exists()


@pytest.mark.usefixtures("apt")
def test_a_package_without_its_program_is_told(tmp_path: Path) -> None:
    """Success is what is there afterwards, not what apt says."""
    (tmp_path / "broken").touch()

    with pytest.raises(SetupError, match="the-package, whose programs are not found"):
        packages.install(tmp_path / "log", engine=False)


def test_without_apt_the_programs_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other distributions are told what to install."""
    monkeypatch.setattr(packages, "PACKAGES", {"the-package": "the-program"})
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SetupError, match="the lab needs the-package, and only knows apt-get"):
        packages.install(tmp_path / "log", engine=False)
