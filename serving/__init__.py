"""A small model server: TensorFlow Serving's flags, version directories and REST contract on Python and TensorFlow.

It stands alone: nothing here knows of the rest of the project. `python -m serving --help` lists the flags.
"""
