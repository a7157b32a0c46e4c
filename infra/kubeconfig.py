"""Which cluster a stack means: one context of one kubeconfig, found as kubectl finds it.

Owns the reading of kubeconfig files, for their contexts and server addresses only. Does not connect (preflight,
pods), and keeps no credentials.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DEFAULT = "~/.kube/config"


class KubeconfigError(Exception):
    """No cluster can be told from the kubeconfig; the message says what was found and the command that mends it."""


@dataclass(frozen=True)
class Cluster:
    """A cluster to deploy to.

    Attributes:
        context: name of the kubeconfig's context.
        server: URL of the API server.
        proxy: URL of the proxy that the kubeconfig names for it, or "".
        files: the kubeconfig, as people know it.
        chosen: whether the configuration names the context; otherwise it is the kubeconfig's current one.
    """

    context: str
    server: str
    proxy: str
    files: str
    chosen: bool


def find(kubeconfig: str, context: str, environment: Mapping[str, str] = os.environ) -> Cluster:
    """The cluster of a configured kubeconfig path and context; "" stands for the ambient one and its current one.

    Raises:
        KubeconfigError: there is no such file, it is no kubeconfig, or it has no such context.
    """
    paths = _paths(kubeconfig, environment)
    files = os.pathsep.join(paths)
    documents = [_read(path) for path in paths if kubeconfig or Path(path).expanduser().exists()]
    if not documents:
        raise KubeconfigError(
            f"no kubeconfig: {files} does not exist; name yours: pulumi config set kubeconfig PATH, "
            "or serve on this machine: pulumi config set target local"
        )
    name = context or next((found for found in (d.get("current-context") for d in documents) if found), "")
    contexts = _named(documents, "context")
    if name not in contexts:
        raise KubeconfigError(_no_context(name, files, sorted(contexts)))
    server = _named(documents, "cluster").get(str(contexts[name].get("cluster")), {})
    if not server.get("server"):
        raise KubeconfigError(f"context {name} of {files} names no cluster with a server; mend the kubeconfig")
    return Cluster(name, server["server"], server.get("proxy-url") or "", files, chosen=bool(context))


def _paths(kubeconfig: str, environment: Mapping[str, str]) -> list[str]:
    if kubeconfig:
        return [kubeconfig]
    return [path for path in environment.get("KUBECONFIG", "").split(os.pathsep) if path] or [DEFAULT]


def _read(path: str) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise KubeconfigError(
            f"kubeconfig {path} cannot be read ({error.strerror}); name another: pulumi config set kubeconfig PATH"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        document = None
    if not isinstance(document, dict):
        raise KubeconfigError(f"{path} is not a kubeconfig; name another: pulumi config set kubeconfig PATH")
    return document


def _named(documents: list[Mapping[str, Any]], kind: str) -> dict[str, Mapping[str, Any]]:
    """Entries of a kind by name; as in kubectl, the first file that has a name counts."""
    found: dict[str, Mapping[str, Any]] = {}
    for document in documents:
        for entry in document.get(f"{kind}s") or []:
            found.setdefault(entry["name"], entry.get(kind) or {})
    return found


def _no_context(name: str, files: str, contexts: list[str]) -> str:
    found = f"it has {', '.join(contexts)}" if contexts else "it has none"
    asked = f"context {name!r} is not in {files}" if name else f"{files} has no current context"
    return f"{asked} ({found}); choose one: pulumi config set kubeContext {contexts[0] if contexts else 'NAME'}"
