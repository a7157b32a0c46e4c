"""Where a model is served: on this machine, or on Kubernetes as an image in pods.

Owns the choice and the wiring of each target's resources. Does not own the resources. Pulumi's Docker and Kubernetes
SDKs are imported for the target that needs them.
"""

from typing import TYPE_CHECKING

import pulumi

from infra import kubeconfig
from infra.local_server import LocalServer, LocalServerArgs
from infra.promoted_model import PromotedModel
from infra.settings import Settings
from infra.sources import Model
from infra.training import TrainedModel

if TYPE_CHECKING:
    from infra.server import ModelServer


def serve(settings: Settings, model: Model) -> "LocalServer | ModelServer":
    """The server that the stack's target asks for, serving the model."""
    if isinstance(model, PromotedModel):
        return _kubernetes(settings, model, model.image)
    if settings.target == "local":
        return _local(settings, model)
    return _kubernetes(settings, model, _built(settings, model))


def _local(settings: Settings, model: TrainedModel) -> LocalServer:
    return LocalServer(
        "server",
        LocalServerArgs(stack=settings.stack, model_name=settings.model_name, port=settings.port, model=model),
    )


def _built(settings: Settings, model: TrainedModel) -> pulumi.Output[str]:
    from infra.image import ServingImage, ServingImageArgs  # noqa: PLC0415 - 0.4 s that a local stack need not pay
    from infra.image_check import ImageCheck, ImageCheckArgs  # noqa: PLC0415

    image = ServingImage(
        "serving-image",
        ServingImageArgs(
            model_name=settings.model_name,
            model=model,
            base_image=settings.base_image,
            platform=settings.platform,
            registry=settings.registry,
            username=settings.registry_username,
            password=pulumi.Output.secret(settings.registry_password),
        ),
    )
    check = ImageCheck(
        "image-check",
        ImageCheckArgs(
            model_name=settings.model_name,
            model=model,
            image=image.repo_digest,
            base_image=settings.base_image,
            artifact_store=settings.artifact_store,
            cpu_limit=settings.cpu_limit,
            memory_limit=settings.memory_limit,
            timeout_seconds=settings.rollout_timeout_seconds,
        ),
    )
    return check.image


def _kubernetes(settings: Settings, model: Model, image: pulumi.Input[str]) -> "ModelServer":
    from infra.pod import PodArgs  # noqa: PLC0415 - as above
    from infra.server import ModelServer, ModelServerArgs  # noqa: PLC0415

    pod = PodArgs(
        model_name=settings.model_name,
        image=image,
        image_pull_secret=settings.image_pull_secret,
        cpu_request=settings.cpu_request,
        cpu_limit=settings.cpu_limit,
        memory_request=settings.memory_request,
        memory_limit=settings.memory_limit,
        start_seconds=settings.rollout_timeout_seconds,
    )
    return ModelServer(
        "server",
        ModelServerArgs(
            stack=settings.stack,
            pod=pod,
            model=model,
            kubeconfig=settings.kubeconfig,
            context=kubeconfig.find(settings.kubeconfig, settings.kube_context).context,
            namespace=settings.namespace,
            replicas=settings.replicas,
            service_type=settings.service_type,
            node_port=settings.node_port,
            serving_host=settings.serving_host,
            rollout_timeout_seconds=settings.rollout_timeout_seconds,
            protect=settings.protect,
        ),
    )
