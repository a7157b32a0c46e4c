"""Measurements, side by side in one run: what this project costs against the least that does as much.

Nothing of the project imports it. Figures are kept in docs/measured/, each with the command that gave it.
"""
