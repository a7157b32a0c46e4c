"""What the bare program is compared with: this project's program, run by the recording engine."""

from tests.infra.kubernetes_stack import kubernetes_up, surroundings

__all__ = ["kubernetes_up", "surroundings"]
