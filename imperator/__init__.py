"""Imperator: an application server for Python that runs uWSGI's configurations."""

__version__ = "0.1.0"
