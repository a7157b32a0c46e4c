"""Tests of the bare program."""
