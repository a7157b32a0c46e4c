"""Tests of lab/, module by module, and of the Makefile that stands on it."""
