"""What the dynamic providers of this project share: how they fail, end, and tell inputs from Pulumi's own key.

Owns the base class. Does not own any resource. Providers are pickled by reference (the module and the class name), so
they keep no state, and moving one of these modules breaks the refresh and destroy of existing stacks.
"""

import sys
from collections.abc import Mapping
from typing import Any

from pulumi.dynamic import ConfigureRequest, ResourceProvider
from pulumi.output import Unknown

from model import lifeline

PROVIDER_KEY = "__provider"
"""The key under which Pulumi's SDK keeps the pickled provider among a resource's inputs and outputs."""

STDOUT = 1

Properties = dict[str, Any]


class Provider(ResourceProvider):
    """Base of this project's dynamic providers."""

    # The pickle is a reference and holds no secret; as a secret it would have to be decrypted at every operation.
    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:  # noqa: ARG002 - Pulumi's interface
        """End this process with the CLI that reads its output: a killed CLI must leave nothing behind."""
        lifeline.end_with_reader(STDOUT)


def failure(message: str) -> RuntimeError:
    """An expected error to raise from a provider: people see its message as one line.

    Pulumi's SDK formats whatever a provider raises with its traceback; this process shows none from here on.
    """
    sys.tracebacklimit = 0
    return RuntimeError(message)


DRIFT = "drift"
"""Input that `check` adds where something was lost or changed behind Pulumi's back: what was found, in words."""


def own(properties: Mapping[str, Any]) -> Properties:
    """A resource's properties without the key of Pulumi's SDK and without a drift, which is mended by now."""
    return {key: value for key, value in properties.items() if key not in (PROVIDER_KEY, DRIFT)}


def differing(olds: Mapping[str, Any], news: Mapping[str, Any], *, ignore: frozenset[str] = frozenset()) -> set[str]:
    """Keys of the new inputs whose value is not the old one.

    One that is not known yet differs, and so does a drift: a new one, and one that a refresh left in the state, which
    the engine compares with the inputs as they were.
    """
    found = {
        key
        for key, value in own(news).items()
        if key not in ignore and (isinstance(value, Unknown) or value != olds.get(key))
    }
    return found | ({DRIFT} & (olds.keys() | news.keys()))
