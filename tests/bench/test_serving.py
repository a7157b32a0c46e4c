"""The traffic that the model server is measured with."""

import json

from bench.serving import LOADS


def test_a_body_holds_the_images_it_says() -> None:
    """Every load's request has its number of images, each of its height and width, with pixels from 0 to 1."""
    for load in LOADS:
        images = json.loads(load.body)["instances"]
        assert len(images) == load.rows
        assert {len(image) for image in images} == {load.size}
        pixels = [pixel for image in images for row in image for pixel in row]
        assert len(pixels) == load.rows * load.size**2
        assert 0 <= min(pixels) <= max(pixels) <= 1


def test_small_and_large_requests_of_one_and_many_clients_are_measured() -> None:
    """Both image sizes are measured with 1 and 64 images in a request, from 1 and 16 clients."""
    assert {(load.size, load.rows, load.clients) for load in LOADS} == {
        (size, rows, clients) for size in (8, 28) for rows in (1, 64) for clients in (1, 16)
    }
