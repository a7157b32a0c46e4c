"""What to do about an error of the Docker or Kubernetes plugin, whose words say what went wrong but not what mends it.

Owns the table from words to remedies, and the hook that says one when a resource fails. Retries nothing.
"""

import re

import pulumi
from pulumi import ErrorHook, ErrorHookArgs, ResourceHookBinding


class Remedies:
    """Says what to do when a resource of this project fails.

    Args:
        table: pattern in the plugin's error to the remedy, in words; the first that is found counts.
    """

    def __init__(self, table: dict[str, str]) -> None:
        self._table = table

    def options(self, name: str) -> pulumi.ResourceOptions:
        """Options that hang the hook on a resource; `name` is the resource's."""
        return pulumi.ResourceOptions(hooks=ResourceHookBinding(on_error=[ErrorHook(f"remedy-{name}", self._say)]))

    def of(self, errors: list[str]) -> str | None:
        """The remedy for a plugin's errors; None where there is none to add."""
        text = "\n".join(errors)
        return next(
            (remedy for pattern, remedy in self._table.items() if re.search(pattern, text, re.IGNORECASE)), None
        )

    def _say(self, args: ErrorHookArgs) -> bool:
        remedy = self.of(args.errors)
        if remedy:
            pulumi.log.error(f"{args.name}: {remedy}")
        return False
