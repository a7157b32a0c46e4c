"""Bodies from the wire."""

import asyncio
import gzip
import zlib

import pytest

from serving.errors import StatusError
from serving.request_body import ClientGoneError, Held, TooLargeError, gunzip, read_body


class Wire:
    """ASGI's receive over given chunks; counts how many were taken."""

    def __init__(self, *chunks: bytes, whole: bool = True) -> None:
        self.chunks = list(chunks)
        self.whole = whole
        self.taken = 0

    async def receive(self) -> dict[str, object]:
        """The next chunk, or the end of the connection."""
        if not self.chunks:
            return {"type": "http.disconnect"}
        self.taken += 1
        chunk = self.chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(self.chunks) or not self.whole}


def read(wire: Wire, limit: int, held: Held, length: int | None = None) -> bytes:
    """Read a body with a share of what is held."""
    with held.share() as share:
        return asyncio.run(read_body(wire.receive, length, limit, share))


def test_chunks_are_joined_and_given_back() -> None:
    """A body is its chunks; afterwards nothing is held."""
    held = Held(100)
    assert read(Wire(b"ab", b"", b"c"), 3, held) == b"abc"
    assert held.bytes == 0


@pytest.mark.parametrize("length", [None, 4])
def test_body_over_the_limit(length: int | None) -> None:
    """A body over the limit is read to its end, without being held, and then refused."""
    held = Held(100)
    wire = Wire(b"ab", b"c", b"d")
    with pytest.raises(TooLargeError, match="at most 3"):
        read(wire, 3, held, length)
    assert wire.taken == 3
    assert held.bytes == 0


def test_endless_body_is_not_read_for_ever() -> None:
    """Reading ends when twice the limit has come."""
    wire = Wire(*[b"12345"] * 100)
    with pytest.raises(TooLargeError):
        read(wire, 10, Held(100))
    assert wire.taken == 5


def test_all_bodies_together_are_bounded() -> None:
    """A body that would go beyond what may be held at once is refused for now, and nothing leaks."""
    held = Held(10)
    with held.share() as other:
        other.add(8)
        with pytest.raises(StatusError, match=r"^UNAVAILABLE: The model server holds 8 bytes"):
            read(Wire(b"abc"), 10, held)
        assert held.bytes == 8
    assert read(Wire(b"abc"), 10, held) == b"abc"


def test_refused_body_gives_back_what_it_held() -> None:
    """A body that is refused half-way holds nothing while the rest of it is read."""
    held = Held(10)
    seen: list[int] = []

    class Watched(Wire):
        async def receive(self) -> dict[str, object]:
            seen.append(held.bytes)
            return await super().receive()

    with held.share() as other:
        other.add(5)
        with pytest.raises(StatusError, match=r"^UNAVAILABLE"):
            read(Watched(b"abcd", b"efgh", b"ij"), 100, held)
    assert seen == [5, 9, 5]


def test_client_that_goes_away() -> None:
    """A connection that ends before its body is whole is no request."""
    held = Held(10)
    with pytest.raises(ClientGoneError):
        read(Wire(b"abc", whole=False), 10, held)
    assert held.bytes == 0


def test_gunzip() -> None:
    """A gzip body is unpacked; one that is damaged, cut short, or too large unpacked is empty."""
    packed = gzip.compress(b"x" * 1000)
    assert gunzip(packed, 1000) == b"x" * 1000
    assert gunzip(packed, 999) == b""
    assert gunzip(packed[:-1], 1000) == b""
    assert gunzip(b"plain", 1000) == b""
    assert gunzip(zlib.compress(b"x"), 1000) == b""
