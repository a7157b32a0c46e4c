# The serving image: a model server's image and one SavedModel in it, as the version directory that it serves.
#
# Nothing but the model's digest, name and version and the base image may decide what comes out: a label or argument
# with a source revision would make another image, and new pods, of the same model. The context is the SavedModel's
# folder; its parts are named, because some builders add files of their own to a context.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}

ARG MODEL_NAME
ARG MODEL_VERSION
ARG MODEL_DIGEST
LABEL org.opencontainers.image.title="${MODEL_NAME}-serving" \
      org.opencontainers.image.version="${MODEL_VERSION}" \
      mymodel-serving.model-digest="${MODEL_DIGEST}"
ENV MODEL_NAME=${MODEL_NAME}

COPY saved_model.pb /models/${MODEL_NAME}/${MODEL_VERSION}/
COPY variables /models/${MODEL_NAME}/${MODEL_VERSION}/variables/
