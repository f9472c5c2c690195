"""``python -m imperator``: the same as the command ``imperator``."""

import sys

from imperator.cli import main

sys.exit(main())
