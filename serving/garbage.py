"""When Python looks for garbage: seldom, and never among what was loaded to stay.

Owns the collector's settings. A full pass over TensorFlow's and a model's objects stops every request, and a large
request body is a million new objects that are all in use.
"""

import gc

_NEW_OBJECTS, _PASSES, _FULL_PASSES = 100_000, 20, 100


def freeze() -> None:
    """Take everything loaded so far out of the collector's sight, and let it look less often."""
    gc.set_threshold(_NEW_OBJECTS, _PASSES, _FULL_PASSES)
    gc.collect()
    gc.freeze()


def collect() -> None:
    """Give back the memory of a model that was unloaded; it was frozen with the rest."""
    gc.unfreeze()
    freeze()
