"""Compares Imperator with other servers on one machine, in one run. Not part of the package: nothing imports it."""
