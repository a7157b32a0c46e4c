"""The flags that mean nothing here."""

import dataclasses

from serving.flags import Flags
from serving.unserved_flags import REFUSED, WITHOUT_EFFECT


def test_each_flag_is_of_one_kind() -> None:
    """No flag is served and refused, or refused and without effect."""
    served = {flag.name for flag in dataclasses.fields(Flags)}
    assert not served & REFUSED.keys()
    assert not served & WITHOUT_EFFECT
    assert not WITHOUT_EFFECT & REFUSED.keys()


def test_refusals_say_what_to_do() -> None:
    """A refusal says what is not served and what to do instead."""
    assert all("; " in reason and ("served" in reason or "session" in reason) for reason in REFUSED.values())
