"""The variables the CLI runs with: what is set for whom, and that a shell takes them."""

import subprocess
from pathlib import Path

import pytest

from lab import environment

PROJECT = Path("/home/me/my project")
BACKEND = "file:///home/me/my%20project/.state"
NO_LAB = Path("/none/kubeconfig")
BUILT_ONLY = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}


@pytest.mark.parametrize(
    ("user", "needed"),
    [
        ({}, {"PULUMI_BACKEND_URL": BACKEND, "PULUMI_CONFIG_PASSPHRASE": ""}),
        ({"PULUMI_BACKEND_URL": ""}, {"PULUMI_BACKEND_URL": BACKEND, "PULUMI_CONFIG_PASSPHRASE": ""}),
        ({"PULUMI_BACKEND_URL": BACKEND}, {"PULUMI_CONFIG_PASSPHRASE": ""}),
        ({"PULUMI_BACKEND_URL": "s3://states"}, {}),
        ({"PULUMI_CONFIG_PASSPHRASE": "secret"}, {"PULUMI_BACKEND_URL": BACKEND}),
        ({"PULUMI_CONFIG_PASSPHRASE_FILE": "/secret"}, {"PULUMI_BACKEND_URL": BACKEND}),
    ],
    ids=["nothing set", "backend empty", "backend ours", "backend elsewhere", "passphrase", "passphrase file"],
)
def test_what_the_user_set_stays(user: dict[str, str], needed: dict[str, str]) -> None:
    """State lies in the project unless told otherwise, and only there the passphrase is empty."""
    assert environment.variables(user, PROJECT, None, NO_LAB) == needed


def test_a_built_cli_does_not_wait_for_the_network(tmp_path: Path) -> None:
    """It looks neither for a newer version nor for plugins; any other CLI may."""
    official, built = tmp_path / "official", tmp_path / "built"
    official.mkdir()
    built.mkdir()
    (built / "language_host.py").touch()

    with_official = environment.variables({}, PROJECT, official, NO_LAB)
    with_built = environment.variables({}, PROJECT, built, NO_LAB)

    assert set(with_built.items()) - set(with_official.items()) == set(BUILT_ONLY.items())
    assert not BUILT_ONLY.keys() & with_official.keys()


def test_a_users_own_choice_for_plugins_stays(tmp_path: Path) -> None:
    """A built CLI may fetch plugins if the user says so."""
    (tmp_path / "language_host.py").touch()

    needed = environment.variables({"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "false"}, PROJECT, tmp_path)

    assert "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" not in needed


def test_while_a_lab_runs_its_cluster_is_meant(tmp_path: Path) -> None:
    """The lab's kubeconfig is the ambient one as long as the lab is there and the user names no other."""
    lab = tmp_path / "kubeconfig"
    assert "KUBECONFIG" not in environment.variables({}, PROJECT, None, lab)
    lab.touch()

    assert environment.variables({}, PROJECT, None, lab)["KUBECONFIG"] == str(lab)
    assert "KUBECONFIG" not in environment.variables({"KUBECONFIG": "/mine"}, PROJECT, None, lab)


def in_shell(script: str) -> list[str]:
    """The lines that a POSIX shell prints for a script, with no variables but PATH; errors stop it."""
    result = subprocess.run(
        ["/bin/sh", "-euc", script], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    return result.stdout.splitlines()


def test_a_shell_takes_the_variables_and_gives_them_back() -> None:
    """Values with blanks and quotes arrive whole, in child processes too; afterwards nothing is left."""
    needed = {"PULUMI_BACKEND_URL": "file:///it's here", "PULUMI_CONFIG_PASSPHRASE": ""}
    show = "sh -c 'echo \"${PULUMI_BACKEND_URL-none}|${PULUMI_CONFIG_PASSPHRASE-none}\"'"

    lines = in_shell(f"{environment.as_shell(needed)}\n{show}\n{environment.LEAVE}\n{show}")

    assert lines == ["file:///it's here|", "none|none"]
    assert in_shell(
        f"{environment.as_shell(needed)}\n{environment.LEAVE}\ncommand -v {environment.LEAVE} || echo gone"
    ) == ["gone"]


def test_with_nothing_to_set_nothing_is_printed() -> None:
    """There is then nothing to give back either."""
    assert environment.as_shell({}) == ""
