"""The dev stack in the lab: real Docker engine, registry and Kubernetes."""
