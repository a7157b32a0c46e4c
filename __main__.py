"""A stack of this project is one model in production: trained, served, and asked whether it answers as trained."""

import pulumi

from infra import preflight
from infra.prediction_check import PredictionCheck, PredictionCheckArgs
from infra.settings import Settings
from infra.sources import obtain
from infra.targets import serve

settings = Settings.load()
preflight.check(settings)

model = obtain(settings)  # trained where it is not yet, or the one that the stack's pins name
server = serve(settings, model)  # a process of this machine, or an image and the pods that run it
PredictionCheck(
    "prediction-check",
    PredictionCheckArgs(
        model_name=settings.model_name, artifact_store=settings.artifact_store, model=model, server=server
    ),
)

pulumi.export("modelDigest", model.digest)
pulumi.export("modelVersion", model.version)
pulumi.export("fingerprint", model.fingerprint)
pulumi.export("accuracy", model.accuracy)
pulumi.export("artifact", model.path)
pulumi.export("image", server.image)
pulumi.export("statusUrl", server.status_url)
pulumi.export("predictUrl", server.predict_url)
