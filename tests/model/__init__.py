"""Tests of model/, module by module."""
