"""A stack of this program is three resources that depend on each other as the `local` stack's do, and do nothing."""

import pulumi

from bench.bare.resources import Check, Model, Server

model = Model("model")
server = Server("server", model)
Check("check", model, server)

pulumi.export("modelDigest", model.digest)
pulumi.export("modelVersion", model.version)
pulumi.export("fingerprint", model.fingerprint)
pulumi.export("accuracy", model.accuracy)
pulumi.export("artifact", model.path)
pulumi.export("statusUrl", "http://127.0.0.1:8501/v1/models/mymodel")
pulumi.export("predictUrl", "http://127.0.0.1:8501/v1/models/mymodel:predict")
