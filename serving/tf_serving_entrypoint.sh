#!/bin/bash
# The variables and defaults of TensorFlow Serving's own; arguments come last, so that they override. Without --port,
# since gRPC is not served. With exec, unlike there: as process 1 the server itself hears SIGTERM. It then goes on for five
# seconds, in which Kubernetes stops sending new connections, and lets each answer end its connection, so that a client
# that keeps one turns to the next pod between two requests and loses none.
exec tensorflow_model_server --rest_api_host=0.0.0.0 --rest_api_port=8501 --rest_api_drain_in_ms=5000 \
  --model_name="${MODEL_NAME}" --model_base_path="${MODEL_BASE_PATH}/${MODEL_NAME}" "$@"
