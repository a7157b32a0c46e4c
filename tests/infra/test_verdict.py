"""The key under which the verdict on an image is kept."""

import pytest

from infra.verdict import key


@pytest.mark.parametrize("image", ["sha256:" + "ab" * 32, "localhost:5000/m-serving@sha256:" + "ab" * 32])
def test_a_verdict_is_kept_by_the_images_digest(image: str) -> None:
    """Whichever registry an image is in, its digest is what the verdict is on."""
    assert key(image) == "ab" * 32
