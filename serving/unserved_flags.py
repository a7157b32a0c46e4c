"""TensorFlow Serving's flags that mean nothing here: refused with a reason, or accepted without effect.

Refused is what a client or an operator would miss; accepted is what only tunes parts this server has not, so that
arguments written for TensorFlow Serving can be used as they are.
"""

OFF = ("", "0", "false")  # a refused flag that asks for nothing is let through
REFUSED = {
    "port": "gRPC is not served; leave it out, or say --port=0",
    "grpc_socket_path": "gRPC is not served; leave it out",
    "ssl_config_file": "TLS is not served; leave it out and put a proxy in front",
    "enable_grpc_healthcheck_service": "gRPC is not served; ask /v1/models/NAME/metadata instead",
    "enable_profiler": "the profiler is not served; leave it out, or say --enable_profiler=false",
    "prefer_tflite_model": "TensorFlow Lite models are not served; leave it out",
    "platform_config_file": "only the tensorflow platform is served; leave it out",
    "tensorflow_session_config_file": "session configs are not served; use the parallelism flags",
    "thread_pool_factory_config_file": "custom thread pools are not served; use the parallelism flags",
    "mixed_precision": "mixed precision is not served; leave it out",
}
WITHOUT_EFFECT = frozenset(
    {
        "grpc_max_threads",
        "grpc_channel_arguments",
        "num_load_threads",
        "num_unload_threads",
        "flush_filesystem_caches",
        "enable_signature_method_name_check",
        "per_process_gpu_memory_fraction",
    }
)
