"""The ``uwsgi`` module that applications import, one file a subject; ``install`` puts it in place."""
