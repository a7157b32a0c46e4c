"""Tests of lab/cluster/, without root, Docker or a cluster."""
