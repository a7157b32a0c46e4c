"""Tests of the bare program on Kubernetes."""
