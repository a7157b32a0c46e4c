"""Names of images and registries."""

import pytest

from lab.plugins import image_name


@pytest.mark.parametrize(
    ("name", "registry", "repository"),
    [
        ("localhost:5000/a/b:1", "localhost:5000", "localhost:5000/a/b"),
        ("localhost/a", "localhost", "localhost/a"),
        ("docker.io/a/b@sha256:00", "docker.io", "docker.io/a/b"),
        ("host:1/a", "host:1", "host:1/a"),
    ],
)
def test_names_are_taken_apart(name: str, registry: str, repository: str) -> None:
    """The registry with its port, and the name without tag and digest."""
    assert image_name.registry_of(name) == registry
    assert image_name.repository_of(name) == repository


@pytest.mark.parametrize("name", ["a", "a:1", "user/a:1", "localhost:5000/", ""])
def test_a_name_without_registry_is_refused(name: str) -> None:
    """Docker would take it for one of Docker Hub; here it has to be said."""
    with pytest.raises(ValueError, match="not a fully qualified image name"):
        image_name.registry_of(name)


@pytest.mark.parametrize(
    ("server", "key"),
    [
        ("", "localhost:5000"),
        ("https://ghcr.io/v2/", "ghcr.io"),
        ("ghcr.io/owner", "ghcr.io"),
        ("docker.io", "https://index.docker.io/v1/"),
    ],
)
def test_credentials_are_kept_under_the_host(server: str, key: str) -> None:
    """The server's host, else the image's; Docker Hub has a name of its own."""
    assert image_name.credentials_key(server, "localhost:5000/a") == key
