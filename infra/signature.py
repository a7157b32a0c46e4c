"""What differs between two signatures of a model, in the words of who sends requests to it.

Owns the comparison. Does not own where signatures come from (the manifest, a model server's metadata).
"""

from collections.abc import Callable

from model.manifest import Signature, TensorSpec

Shape = list[int | None]
Fits = Callable[[Shape, Shape], bool]


def break_of(old: Signature, new: Signature) -> str:
    """What a client of the old signature would stumble over under the new one; empty where nothing.

    Names, dtypes and ranks must stay, and fixed dimensions too; an input's may become free. One output more or less
    changes the form of every answer.
    """
    return _difference(old, new, _accepts)


def difference(wanted: Signature, found: Signature) -> str:
    """The first difference between two signatures; empty where they are the same."""
    return _difference(wanted, found, _same)


def _accepts(old: Shape, new: Shape) -> bool:
    return len(old) == len(new) and all(after in (None, before) for before, after in zip(old, new, strict=True))


def _same(old: Shape, new: Shape) -> bool:
    return old == new


def _difference(old: Signature, new: Signature, inputs_fit: Fits) -> str:
    for side, fits in (("inputs", inputs_fit), ("outputs", _same)):
        before, after = old[side], new[side]
        if before.keys() != after.keys():
            return f"{side} {_names(before)} became {_names(after)}"
        for name, spec in before.items():
            if spec.dtype != after[name].dtype or not fits(spec.shape, after[name].shape):
                return f"{side[:-1]} {name} was {_text(spec)} and is {_text(after[name])}"
    return ""


def _names(tensors: dict[str, TensorSpec]) -> str:
    return ", ".join(sorted(tensors))


def _text(spec: TensorSpec) -> str:
    return f"{spec.dtype} [{', '.join('any' if size is None else str(size) for size in spec.shape)}]"
