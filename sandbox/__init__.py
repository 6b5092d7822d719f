"""Embedded stack and vendor sandbox: real servers to develop against, imported by no product."""
