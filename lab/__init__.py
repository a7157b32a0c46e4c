"""What stands in for things a machine may not have: the Pulumi CLI, Docker, a registry, Kubernetes, Pulumi's plugins.

Nothing in model/, serving/ or infra/ knows of it.
"""
