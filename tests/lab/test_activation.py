"""What is changed in .venv/bin, tried with the `activate` of a real virtualenv in a real shell."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from lab import activation, pulumi_build
from lab.errors import SetupError
from tests.lab.stubs import write_pulumi


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a blank in its name, lab/ in it, and a virtualenv whose `activate` was amended."""
    folder = tmp_path_factory.mktemp("my project")
    venv.create(folder / ".venv", with_pip=False)
    copy_lab(folder)
    activate = folder / ".venv" / "bin" / "activate"
    activate.write_text(activation.amend(activate.read_text(encoding="utf-8"), folder), encoding="utf-8")
    return folder


def copy_lab(folder: Path) -> None:
    """Put lab/ into a project's folder: a link would lead back to this project, whose state would be meant."""
    for part in (Path(), Path("cluster")):
        (folder / "lab" / part).mkdir(parents=True)
        for file in (pulumi_build.LAB / part).glob("*.py"):
            (folder / "lab" / part / file.name).write_bytes(file.read_bytes())


def in_shell(shell: str, script: str, **variables: str) -> list[str]:
    """What a shell prints for a script."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", **variables}
    result = subprocess.run([shell, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.splitlines()


SHOW = 'echo "${PULUMI_BACKEND_URL-none} ${PULUMI_CONFIG_PASSPHRASE-none}"'


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_an_activated_shell_has_the_variables_until_it_is_deactivated(shell: str, project: Path) -> None:
    """From any folder; and another project's shell later has no trace of them."""
    backend = (project / ".state").as_uri()
    script = f"cd /; . '{project}/.venv/bin/activate'; {SHOW}; deactivate; {SHOW}"

    assert in_shell(shell, script) == [f"{backend} ", "none none"]


def test_activating_twice_is_as_good_as_once(project: Path) -> None:
    """The variables are not taken for the user's own the second time."""
    activate = f". '{project}/.venv/bin/activate'"

    assert in_shell("/bin/sh", f"{activate}; {activate}; deactivate; {SHOW}") == ["none none"]


def test_the_users_own_backend_outlives_the_activation(project: Path) -> None:
    """What was set before is neither changed nor unset."""
    script = f". '{project}/.venv/bin/activate'; {SHOW}; deactivate; {SHOW}"

    assert in_shell("/bin/sh", script, PULUMI_BACKEND_URL="s3://states") == ["s3://states none"] * 2


def test_the_block_is_added_once(project: Path) -> None:
    """Every make may amend again."""
    text = (project / ".venv" / "bin" / "activate").read_text(encoding="utf-8")

    assert activation.amend(text, project) == text
    assert text.count(activation.BEGIN) == 1


def test_another_script_is_not_amended() -> None:
    """Where there is no place for the block, the error says what to do."""
    with pytest.raises(SetupError, match=r"remove \.venv and run make up again"):
        activation.amend("# activation by something else\n", Path("/project"))


class TestLink:
    """`pulumi` in .venv/bin."""

    @pytest.fixture
    def bin_folder(self, tmp_path: Path) -> Path:
        """The .venv/bin of the test."""
        folder = tmp_path / "bin"
        folder.mkdir()
        return folder

    def test_a_cli_in_the_cache_is_linked(self, bin_folder: Path, tmp_path: Path) -> None:
        """And linked anew when it is another one."""
        for name in ("one", "two"):
            write_pulumi(tmp_path / name, f"v1.0.{name}")
            activation.link_cli(tmp_path / name, bin_folder, on_path=False)

            assert (bin_folder / "pulumi").resolve() == tmp_path / name / "pulumi"
        assert [file.name for file in bin_folder.iterdir()] == ["pulumi"]

    def test_a_link_to_a_cli_that_is_gone_is_replaced(self, bin_folder: Path, tmp_path: Path) -> None:
        """The user may have emptied the cache."""
        (bin_folder / "pulumi").symlink_to(tmp_path / "gone" / "pulumi")
        write_pulumi(tmp_path / "new", "v1.0.0")

        activation.link_cli(tmp_path / "new", bin_folder, on_path=False)

        assert (bin_folder / "pulumi").resolve() == tmp_path / "new" / "pulumi"

    def test_a_cli_on_path_needs_no_link(self, bin_folder: Path, tmp_path: Path) -> None:
        """An earlier link would hide it."""
        (bin_folder / "pulumi").symlink_to(tmp_path / "old" / "pulumi")

        for _ in range(2):
            activation.link_cli(tmp_path, bin_folder, on_path=True)

        assert not list(bin_folder.iterdir())


def test_as_a_program_it_prepares_the_virtualenv_beside_lab(tmp_path: Path) -> None:
    """With a CLI on PATH there is nothing to fetch: `activate` is amended, and no link is made."""
    project = tmp_path / "project"
    venv.create(project / ".venv", with_pip=False)
    copy_lab(project)
    write_pulumi(tmp_path / "bin", "v9.0.0")

    subprocess.run(
        [sys.executable, "-m", "lab.activation"],
        cwd=project,
        env={"PATH": f"{tmp_path}/bin:/bin", "XDG_CACHE_HOME": str(tmp_path / "cache")},
        check=True,
    )

    assert activation.BEGIN in (project / ".venv" / "bin" / "activate").read_text(encoding="utf-8")
    assert not (project / ".venv" / "bin" / "pulumi").exists()
    assert in_shell("/bin/sh", f". {project}/.venv/bin/activate; {SHOW}") == [f"{(project / '.state').as_uri()} "]
    assert (project / ".state").is_dir()
