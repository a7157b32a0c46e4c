"""The stack's whole life, driven through the real Pulumi CLI on a file backend in a temporary folder."""
