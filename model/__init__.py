"""What is learned: data, network, training, the exported SavedModel and the store that keeps it.

Knows nothing of Pulumi resources, Docker or Kubernetes. Importing this package imports nothing else.
"""
