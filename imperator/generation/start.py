"""The program that a master executes in the vassal's own interpreter: make our package importable, nothing else.

It runs under whatever Python the vassal's virtualenv has, so it is written for old ones too, down to the message that
they get. Our package is loaded from where this file lies, without a place on ``sys.path``: what else is installed
beside it must not become visible to the application.
"""

import sys

if sys.version_info < (3, 10):
    sys.stderr.write(
        "error: %s is Python %d.%d and Imperator needs 3.10 or newer; make the virtualenv with a newer one, or point"
        " home = at another [python-too-old]\n" % ((sys.executable,) + tuple(sys.version_info[:2]))
    )
    sys.exit(1)


def main():  # type: ignore[no-untyped-def]  # noqa: ANN201 - no annotations: an old Python reads this file too
    """Load the package by path, then run the generation."""
    import importlib.util
    import os

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if sys.path and os.path.abspath(sys.path[0]) == os.path.join(package, "generation"):
        del sys.path[0]
    spec = importlib.util.spec_from_file_location(
        "imperator", os.path.join(package, "__init__.py"), submodule_search_locations=[package]
    )
    assert spec is not None and spec.loader is not None  # the file lies beside us
    module = importlib.util.module_from_spec(spec)
    sys.modules["imperator"] = module
    spec.loader.exec_module(module)
    from imperator.generation import run

    run.main(int(sys.argv[1]), int(sys.argv[2]))


if __name__ == "__main__":
    main()  # type: ignore[no-untyped-call]
