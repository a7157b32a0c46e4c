"""A Docker engine, a registry and one real Kubernetes node on this machine, from packages alone: `make lab`.

For Linux and root only, and for nobody who has Docker and a cluster already. Everything of it lies in one folder and
is started, mended, shown and removed by `python -m lab.cluster`.
"""
