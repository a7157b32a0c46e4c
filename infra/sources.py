"""Where the model comes from: trained by this stack, or promoted from another by the pins of its configuration.

Owns the choice and its wiring. Does not own how either is had (training, promoted_model).
"""

from infra.promoted_model import PromotedModel
from infra.settings import Settings
from infra.training import TrainedModel, TrainedModelArgs

Model = TrainedModel | PromotedModel


def obtain(settings: Settings) -> Model:
    """The model that the stack's `source` asks for.

    Raises:
        pulumi.RunError: the pinned model or image cannot be served.
    """
    if settings.source == "promote":
        return PromotedModel.find(settings)
    return TrainedModel(
        "model",
        TrainedModelArgs(
            model_name=settings.model_name,
            dataset=settings.dataset,
            hyperparameters=settings.hyperparameters,
            gates=settings.gates,
            artifact_store=settings.artifact_store,
        ),
    )
