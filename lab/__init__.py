"""What stands in for things a machine may not have: so far the Pulumi CLI and its Python language host.

Nothing in model/, serving/ or infra/ knows of it.
"""
