"""A stack of tests/e2e/plugins_program.py in the lab, and what can be done to it: by Pulumi, and by hand.

Owns where its files, state and plugins lie. Does not own any expectation.
"""

import json
import os
import platform
import random
import secrets
import subprocess
import time
from pathlib import Path
from typing import Any

import requests
import yaml

from infra.project import ROOT
from lab.cluster.places import BASE_IMAGE
from lab.plugins import installation
from tests.e2e.dev_stack import KUBECONFIG, KUBECTL
from tests.lifecycle.checkout import Result

PROGRAM = Path(__file__).resolve().parent / "plugins_program.py"
PROJECT = "name: folder\nruntime:\n  name: python\n  options:\n    virtualenv: .venv\n"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
TIMEOUT_SECONDS = 120


class PluginsStack:
    """The stack, in a namespace of its own; not up yet.

    Args:
        folder: an empty folder for all its files.
        cli: folder of the Pulumi CLI.
    """

    def __init__(self, folder: Path, cli: Path) -> None:
        self.folder = folder / "program"
        self.namespace = f"plugins-{secrets.token_hex(3)}"
        self.node_port = random.randint(31000, 32700)  # noqa: S311 - no secret
        (self.folder / "context").mkdir(parents=True)
        (folder / "state").mkdir()
        (self.folder / "Pulumi.yaml").write_text(PROJECT, "utf-8")
        (self.folder / "__main__.py").write_text(PROGRAM.read_text("utf-8"), "utf-8")
        (self.folder / ".venv").symlink_to(ROOT / ".venv")
        (self.folder / "context" / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nCOPY page /served/page\n", "utf-8")
        self.write("page", "one")
        self.environment = os.environ | {
            "PATH": f"{cli}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        installation.install(self.environment, cli)
        self.succeeds("stack", "init", "lab")
        self.restore()

    def restore(self) -> None:
        """Configure the stack as it is meant to be."""
        machine = ARCHITECTURES.get(platform.machine(), platform.machine())
        values = {
            "kubeconfig": str(KUBECONFIG),
            "context": "lab",
            "clusterIdentifier": "lab",
            "platform": f"linux/{machine}",
            "namespace": self.namespace,
            "nodePort": str(self.node_port),
            "force": "true",
        }
        self._write_config(_in_project(values))

    def write(self, name: str, text: str) -> None:
        """Write a file of the build context."""
        (self.folder / "context" / name).write_text(text, "utf-8")

    def configure(self, **values: str) -> None:
        """Set configuration keys; an empty value removes one."""
        config = self._stack_file()["config"] | _in_project(values)
        self._write_config({key: value for key, value in config.items() if value})

    def pulumi(self, *arguments: str, **more: str) -> Result:
        """Run the Pulumi CLI to its end."""
        answer = subprocess.run(
            ["pulumi", "--non-interactive", "--color=never", *arguments],
            cwd=self.folder,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        return Result(answer.returncode, answer.stdout)

    def succeeds(self, *arguments: str, **more: str) -> str:
        """Run the Pulumi CLI, which must end well; what it said."""
        result = self.pulumi(*arguments, **more)
        assert result.status == 0, result.text
        return result.text

    def fails(self, *arguments: str, **more: str) -> str:
        """Run the Pulumi CLI, which must fail, and not by an accident of a plugin; what it said."""
        result = self.pulumi(*arguments, **more)
        assert result.status != 0, result.text
        assert "Traceback" not in result.text, result.text
        assert "Exception calling application" not in result.text, result.text
        return result.text

    def up(self, *options: str) -> str:
        """`pulumi up` without a preview before it."""
        return self.succeeds("up", "--yes", "--skip-preview", *options)

    def sees_nothing(self) -> None:
        """A preview with a refresh must find nothing to do."""
        self.succeeds("preview", "--refresh", "--expect-no-changes")

    def by_hand(self, *arguments: str) -> str:
        """What kubectl answers in the stack's namespace."""
        command = [str(KUBECTL), f"--kubeconfig={KUBECONFIG}", f"--namespace={self.namespace}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    def live(self, kind: str, field: str) -> str:
        """A field of the live Deployment or Service, by its JSONPath."""
        return self.by_hand("get", kind, "folder", f"--output=jsonpath={{{field}}}")

    def patch(self, kind: str, operation: str, field: str, value: str = "null") -> None:
        """Change one field by hand, by JSON patch; the field is named by its JSONPath."""
        path = field.replace("[", "/").replace("]", "").replace(".", "/")
        text = f'[{{"op": "{operation}", "path": "{path}", "value": {value}}}]'
        self.by_hand("patch", kind, "folder", "--type=json", f"--patch={text}")

    def settle(self) -> None:
        """Wait until the Deployment's pods are those of its newest revision."""
        self.by_hand("rollout", "status", "deployment/folder", "--timeout=60s")

    def serves(self, page: str) -> None:
        """Wait until the node port answers with the page: kube-proxy needs a moment after a rollout."""
        deadline = time.monotonic() + 20
        while (found := self._page()) != page:
            assert time.monotonic() < deadline, f"the page is {found!r}, not {page!r}"
            time.sleep(0.2)

    def _stack_file(self) -> dict[str, Any]:
        """What the stack's file says: its configuration, and what the CLI has written there."""
        content: dict[str, Any] = yaml.safe_load((self.folder / "Pulumi.lab.yaml").read_text("utf-8"))
        return content

    def _write_config(self, config: dict[str, str]) -> None:
        """Write the file at once, which takes the CLI half a second for each key."""
        text = json.dumps(self._stack_file() | {"config": config})
        (self.folder / "Pulumi.lab.yaml").write_text(text, "utf-8")

    def _page(self) -> str:
        try:
            return requests.get(f"http://127.0.0.1:{self.node_port}/page", timeout=10).text
        except requests.ConnectionError as error:
            return str(error)


def _in_project(values: dict[str, str]) -> dict[str, str]:
    """Configuration keys as the stack's file has them."""
    return {f"folder:{key}": value for key, value in values.items()}
