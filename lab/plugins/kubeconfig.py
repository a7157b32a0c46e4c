"""What a kubeconfig says: given as a path or as its contents, which cluster it names, which namespace.

Owns reading it, nothing else; talking to the cluster is kubectl's.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class KubeconfigError(Exception):
    """It is neither a file nor a kubeconfig. The message says which."""


def contents(given: str) -> dict[str, Any]:
    """A kubeconfig as a dict.

    Args:
        given: path of a file, or the text of one.

    Raises:
        KubeconfigError: neither is the case.
    """
    path = as_path(given)
    if path is None:
        text = given
    else:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise KubeconfigError(f"kubeconfig {path} cannot be read: {error}") from error
    parsed = _parse(text)
    if not isinstance(parsed, dict):
        raise KubeconfigError(f"{path or 'the text given as kubeconfig'} is not a kubeconfig")
    return parsed


def as_path(given: str) -> Path | None:
    """The path that is given, whether there is such a file or not; None if contents are given."""
    looks_like_contents = "\n" in given.strip() or given.lstrip().startswith("{")
    return None if looks_like_contents else Path(given).expanduser()


def active_cluster(provider: Mapping[str, Any]) -> dict[str, Any] | None:
    """How the cluster can be reached that a provider's inputs name: server, certificate authority and so on.

    Returns:
        None where that cannot be told.
    """
    try:
        config = contents(str(provider.get("kubeconfig") or ""))
    except KubeconfigError:
        return None
    context = _named(config, "contexts", str(provider.get("context") or config.get("current-context") or ""))
    name = provider.get("cluster") or context.get("context", {}).get("cluster")
    return _named(config, "clusters", str(name)).get("cluster")


def namespace(provider: Mapping[str, Any]) -> str:
    """The namespace for objects that name none: the provider's, else the context's, else `default`."""
    if provider.get("namespace"):
        return str(provider["namespace"])
    try:
        config = contents(str(provider.get("kubeconfig") or ""))
    except KubeconfigError:
        return "default"
    context = _named(config, "contexts", str(provider.get("context") or config.get("current-context") or ""))
    return str(context.get("context", {}).get("namespace") or "default")


def _named(config: Mapping[str, Any], group: str, name: str) -> dict[str, Any]:
    entries = [entry for entry in config.get(group) or [] if entry.get("name") == name]
    return entries[0] if entries else {}


def _parse(text: str) -> Any:
    """JSON or YAML; None where it is neither."""
    try:
        return json.loads(text)
    except ValueError:
        import yaml  # noqa: PLC0415 - takes 20 ms that most operations need not spend

        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            return None
