"""Tests of the model server; the tree mirrors `serving/`."""
