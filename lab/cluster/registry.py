"""The registry on localhost:5000: Debian's docker-registry on the loopback interface, and what lies in it.

One that answers there already is used as it is.
"""

import http.client
from pathlib import Path

from lab.cluster.places import LOOPBACK, REGISTRY, REGISTRY_PORT, Places
from lab.cluster.processes import Part, ensure

SECONDS = 20
MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"


def part(places: Places) -> Part:
    """The registry's process."""
    return Part(places, "registry")


def config(folder: Path) -> str:
    """The registry's configuration (distribution's configuration.md), as YAML."""
    return f"""version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: {folder}
  delete:
    enabled: true
http:
  addr: {LOOPBACK}:{REGISTRY_PORT}
"""


def up(places: Places) -> None:
    """Have a registry answer.

    Raises:
        SetupError: the port is another program's, or the registry does not start.
    """
    ours = part(places)
    if ours.record() is None and answers():
        return
    places.registry.mkdir(parents=True, exist_ok=True)
    file = places.registry / "config.yml"
    file.write_text(config(places.registry), encoding="utf-8")
    ensure(ours, ["docker-registry", "serve", file], REGISTRY_PORT, SECONDS, answers)


def answers() -> bool:
    """Whether a registry answers (API version check of the distribution specification)."""
    return _status("/v2/") in {200, 401}


def digest(repository: str, tag: str) -> str | None:
    """Digest of the manifest that a tag names; None if there is none or the registry does not answer."""
    connection = http.client.HTTPConnection(LOOPBACK, REGISTRY_PORT, timeout=5)
    try:
        connection.request("HEAD", f"/v2/{repository}/manifests/{tag}", headers={"Accept": MANIFESTS})
        answer = connection.getresponse()
        return answer.headers.get("Docker-Content-Digest") if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def tagged_alike(image: str, tag: str) -> bool:
    """Whether an image of this registry (`localhost:5000/name:tag`) is there and another tag names the same."""
    repository, _, first = image.removeprefix(f"{REGISTRY}/").partition(":")
    found = digest(repository, first)
    return found is not None and found == digest(repository, tag)


def _status(path: str) -> int | None:
    """Status of the answer to a GET; None if nothing answers in HTTP."""
    connection = http.client.HTTPConnection(LOOPBACK, REGISTRY_PORT, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
