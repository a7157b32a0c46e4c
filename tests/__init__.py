"""Tests; their folders mirror the tree."""
