"""Which server a stack declares for its trained model.

Owns the choice between the targets. Does not own the servers.
"""

import pulumi

from infra.local_server import LocalServer, LocalServerArgs
from infra.settings import Settings
from infra.training import TrainedModel


def serve(settings: Settings, model: TrainedModel) -> LocalServer:
    """Declare the server of the configured target.

    Raises:
        pulumi.RunError: the target kubernetes, which is not built yet.
    """
    if settings.target == "kubernetes":
        raise pulumi.RunError(
            "target kubernetes is not built yet; serve on this machine: pulumi config set target local"
        )
    return LocalServer(
        "server",
        LocalServerArgs(
            stack=settings.stack,
            model_name=settings.model_name,
            port=settings.port,
            artifact=model.path,
            digest=model.digest,
            version=model.version,
        ),
    )
