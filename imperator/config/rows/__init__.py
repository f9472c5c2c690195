"""The rows of the table of options, one file a subject. ``options.py`` puts them together."""
