"""Where things are: nothing lies outside the lab's folder, and what goes with `down` is apart from what stays."""

from pathlib import Path

from lab.cluster.places import BASE_IMAGE, REGISTRY, Places


def test_everything_lies_in_one_folder() -> None:
    """Each path is below the state's folder."""
    places = Places(Path("/state"), Path("/cache"))
    names = [name for name, value in vars(Places).items() if isinstance(value, property)]

    assert len(names) > 8
    assert all(getattr(places, name).is_relative_to("/state") for name in names)


def test_what_stays_is_apart_from_what_goes() -> None:
    """`down` removes two folders whole: images and logs are in neither."""
    places = Places(Path("/state"), Path("/cache"))

    for stays in (places.docker, places.registry, places.logs):
        assert not stays.is_relative_to(places.cluster)
        assert not stays.is_relative_to(places.run)


def test_sockets_fit_into_their_addresses() -> None:
    """A Unix socket's path may have 107 bytes (unix(7))."""
    from lab.cluster.places import STATE  # noqa: PLC0415 - only here

    assert len(str(Places(STATE, Path("/cache")).containerd_socket)) < 108


def test_the_base_image_is_in_the_labs_registry() -> None:
    """By the name that Docker and containerd take without TLS."""
    assert BASE_IMAGE.startswith(f"{REGISTRY}/")
    assert REGISTRY.startswith("localhost:")
