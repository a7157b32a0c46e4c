"""What is declared: settings, the trained model, its server and the check that what answers is what was trained.

Never imports TensorFlow, so that previews and runs that change nothing stay fast.
"""
