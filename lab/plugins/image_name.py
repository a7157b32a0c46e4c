"""Names of images and of the registries they belong to.

Owns the rule for a fully qualified name, and which registry a name means (distribution/reference).
"""

from urllib.parse import urlsplit

DOCKER_HUB = "https://index.docker.io/v1/"  # its name in a Docker configuration
DOCKER_HUB_HOSTS = {"docker.io", "index.docker.io", "registry-1.docker.io"}


def registry_of(name: str) -> str:
    """The host (and port) in front of an image's name.

    Raises:
        ValueError: the name has none, or is none.
    """
    host, slash, path = name.partition("/")
    if not slash or not path or not ("." in host or ":" in host or host == "localhost"):
        raise ValueError(
            f"{name!r} is not a fully qualified image name: put the registry in front, such as "
            f"docker.io/repository/image:tag or localhost:5000/image:tag"
        )
    return host


def repository_of(name: str) -> str:
    """A name without its tag and digest."""
    name = name.partition("@")[0]
    front, slash, last = name.rpartition("/")
    return f"{front}{slash}{last.partition(':')[0]}"


def credentials_key(server: str, name: str) -> str:
    """Under which key a Docker configuration keeps the credentials for a registry.

    Args:
        server: the registry as the user has named it: a host or a URL; may be empty.
        name: of the image, which names the registry then.

    Raises:
        ValueError: neither names one.
    """
    host = (urlsplit(server).netloc if "://" in server else server.partition("/")[0]) or registry_of(name)
    return DOCKER_HUB if host in DOCKER_HUB_HOSTS else host
