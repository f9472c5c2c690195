"""The program that an emperor executes for each vassal's master: the command line, started fast.

It is run by ``python -I -S``: without the machine's site packages, which a master does not need and which can take
longer to look through than everything else it does. So the package is loaded from where this file lies.
"""

import os
import sys


def main() -> int:
    """Load the package by path, then run the command line."""
    import importlib.util

    package = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        "imperator", os.path.join(package, "__init__.py"), submodule_search_locations=[package]
    )
    if spec is None or spec.loader is None:
        raise SystemExit(f"error: {package} is no package [broken-installation]")
    module = importlib.util.module_from_spec(spec)
    sys.modules["imperator"] = module
    spec.loader.exec_module(module)
    from imperator.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
