"""The zoo's forward passes by Ray Serve: what a request is, and the replicas that answer. Asked by `zoo/served.py`."""
