"""Tests of lab/plugins."""
