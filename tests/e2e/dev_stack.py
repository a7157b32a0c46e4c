"""A `dev` stack in the lab: a checkout, a namespace of its own, and what can be asked of the cluster.

Owns names, configuration and clean-up. Does not own any expectation.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from infra.project import ROOT
from lab.cluster.places import BASE_IMAGE, REGISTRY, STATE
from tests.lifecycle.checkout import Checkout

KUBECONFIG = STATE / "kubeconfig"
KUBECTL = STATE / "kubectl"
APP = "mymodel-serving"
SECONDS = 120


def lab_runs() -> bool:
    """Whether there is a lab whose cluster answers."""
    command = [str(KUBECTL), "--kubeconfig", str(KUBECONFIG), "get", "--raw", "/readyz"]
    return KUBECONFIG.exists() and subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


def kubectl(*arguments: str, text: str | None = None) -> str:
    """What kubectl says of the lab's cluster; it must end well."""
    command = [str(KUBECTL), "--kubeconfig", str(KUBECONFIG), *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def lab(*arguments: str) -> None:
    """A command of the lab, which must end well."""
    command = [sys.executable, "-m", "lab.cluster", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"


@dataclass
class DevStack:
    """A stack of the target kubernetes in a namespace that admits unprivileged pods only.

    Args:
        checkout: where the program is.
        namespace: of its objects.
        node_port: where its Service answers.
        changed: configuration keys that a test set, to what they were.
        first_preview, first_up: what the first operations said.
    """

    checkout: Checkout
    namespace: str
    node_port: int
    changed: dict[str, str | None] = field(default_factory=dict)
    first_preview: str = ""
    first_up: str = ""

    @classmethod
    def make(cls, folder: Path, cli: Path) -> DevStack:
        """A configured stack with nothing in it."""
        number = random.randrange(10**6)  # noqa: S311 - no secret
        namespace = f"e2e-{number}"
        labels = "pod-security.kubernetes.io/enforce=restricted"
        kubectl("create", "namespace", namespace)
        kubectl("label", "namespace", namespace, labels)
        variables = {"KUBECONFIG": str(KUBECONFIG)}
        made = cls(
            Checkout.make(folder / "checkout", folder / "state", cli, "dev", variables), namespace, free_node_port()
        )
        made.install_plugins()
        made.checkout.configure(
            dataset="digits",
            baseImage=BASE_IMAGE,
            registry=f"{REGISTRY}/{namespace}",
            namespace=namespace,
            nodePort=str(made.node_port),
            rolloutTimeoutSeconds="120",
        )
        return made

    def begin(self) -> None:
        """Preview and bring up the stack, which has nothing in it yet."""
        self.first_preview = self.checkout.succeeds("preview")
        assert self.pods() == set()
        self.first_up = self.checkout.succeeds("up", "--yes", "--skip-preview")

    def install_plugins(self) -> None:
        """Give the checkout's own Pulumi home the plugins that `make lab` gives the user's."""
        environment = os.environ | self.checkout.environment
        subprocess.run([sys.executable, "-m", "lab.plugins"], cwd=ROOT, env=environment, check=True, timeout=SECONDS)

    def configure(self, **values: str) -> None:
        """Set configuration keys; `restore` sets them back."""
        for key in values:
            told = self.checkout.pulumi("config", "get", key)
            self.changed.setdefault(key, told.text.strip() if told.status == 0 else None)
        self.checkout.configure(**values)

    def restore(self) -> None:
        """Bring the stack back to its own configuration, whatever a test left."""
        for key, value in self.changed.items():
            if value is None:
                self.checkout.succeeds("config", "rm", key)
            else:
                self.checkout.configure(**{key: value})
        self.changed.clear()
        self.checkout.succeeds("up", "--yes", "--skip-preview", "--refresh")
        self.wait_for_port()

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        """What kubectl says in the stack's namespace."""
        return kubectl("--namespace", self.namespace, *arguments, text=text)

    def get(self, *arguments: str) -> dict[str, Any]:
        """Objects as JSON."""
        found: dict[str, Any] = json.loads(self.kubectl("get", *arguments, "--output", "json"))
        return found

    def pods(self) -> set[str]:
        """Names of the pods that stay."""
        items = self.get("pods", "--selector", f"app={APP}")["items"]
        return {item["metadata"]["name"] for item in items if "deletionTimestamp" not in item["metadata"]}

    def image(self) -> str:
        """The image that the Deployment asks for."""
        found: str = self.get("deployment", APP)["spec"]["template"]["spec"]["containers"][0]["image"]
        return found

    def status(self) -> dict[str, str]:
        """State of every version that the Service's model server tells of."""
        url = f"http://127.0.0.1:{self.node_port}/v1/models/mymodel"
        answer = requests.get(url, timeout=10).json()["model_version_status"]
        return {entry["version"]: entry["state"] for entry in answer}

    def wait_for_port(self) -> None:
        """Wait until the node port is open.

        A node opens it a moment after the Service is there, and closes it while it has no word of its pods: after a
        restart of the cluster, that is.
        """
        wait_until(self._opened, "the node port opens")

    def _opened(self) -> bool:
        with socket.socket() as connection:
            connection.settimeout(1)
            return connection.connect_ex(("127.0.0.1", self.node_port)) == 0

    def remove(self) -> None:
        """Remove the namespace with all that is in it, and the repository's images from the engine."""
        kubectl("delete", "namespace", self.namespace, "--wait=false", "--ignore-not-found")
        shutil.rmtree(self.checkout.folder / ".artifacts", ignore_errors=True)


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for something that takes a moment; an assertion where it does not come true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.2)


def free_node_port() -> int:
    """A node port that no Service of the cluster has."""
    services = json.loads(kubectl("get", "services", "--all-namespaces", "--output", "json"))["items"]
    taken = {port.get("nodePort") for service in services for port in service["spec"]["ports"]}
    return next(port for port in random.sample(range(30200, 32700), 1000) if port not in taken)
