"""Tests of infra, file by file."""
