"""TensorFlow Serving's messages, made at run time."""

from pathlib import Path

import pytest

from serving.protos import ProtoTextError, message_class, read_text


def test_reads_text(tmp_path: Path) -> None:
    """Protobuf text is read: comments, both quotes, repeated messages and wrapped numbers."""
    file = tmp_path / "batching"
    file.write_text("# sizes\nmax_batch_size { value: 128 }\nallowed_batch_sizes: 32 allowed_batch_sizes: 128")
    found = read_text("BatchingParameters", file)
    assert found.max_batch_size.value == 128
    assert list(found.allowed_batch_sizes) == [32, 128]
    assert not found.HasField("num_batch_threads")


def test_maps_are_entries_on_the_wire() -> None:
    """A map of another program's message is read as entries, nested messages as bytes."""
    # PredictRequest { model_spec { signature_name: "s" } inputs { key: "x" value { dtype: DT_FLOAT } } }
    found = message_class("PredictRequest").FromString(b"\x0a\x03\x1a\x01s\x12\x07\x0a\x01x\x12\x02\x08\x01")
    assert found.model_spec.signature_name == "s"
    assert [(entry.key, entry.value) for entry in found.inputs] == [("x", b"\x08\x01")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"max_batch { value: 1 }", "^Invalid protobuf file: .*no field named"),
        (b"max_batch_size { value: ", "^Invalid protobuf file: "),
        (b"\xff", "^Can't read .*: not UTF-8$"),
        (None, "^Can't read .*: No such file or directory$"),
    ],
)
def test_refuses(tmp_path: Path, content: bytes | None, message: str) -> None:
    """A file that cannot be read, or is no text of the message, is told in one line with its path."""
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ProtoTextError, match=message) as caught:
        read_text("BatchingParameters", file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)
