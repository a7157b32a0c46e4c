"""A stack of this project is one model in production: trained, served, and asked whether it answers as trained."""

import pulumi

from infra import preflight
from infra.prediction_check import PredictionCheck, PredictionCheckArgs
from infra.settings import Settings
from infra.targets import serve
from infra.training import TrainedModel, TrainedModelArgs

settings = Settings.load()
preflight.check(settings)

model = TrainedModel(
    "model",
    TrainedModelArgs(
        model_name=settings.model_name,
        dataset=settings.dataset,
        hyperparameters=settings.hyperparameters,
        gates=settings.gates,
        artifact_store=settings.artifact_store,
    ),
)
server = serve(settings, model)  # a process of this machine, or an image and the pods that run it
PredictionCheck(
    "prediction-check",
    PredictionCheckArgs(model_name=settings.model_name, model=model, server=server),
)

pulumi.export("modelDigest", model.digest)
pulumi.export("modelVersion", model.version)
pulumi.export("fingerprint", model.fingerprint)
pulumi.export("accuracy", model.accuracy)
pulumi.export("artifact", model.path)
pulumi.export("image", server.image)
pulumi.export("statusUrl", server.status_url)
pulumi.export("predictUrl", server.predict_url)
