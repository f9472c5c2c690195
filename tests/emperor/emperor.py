"""Runs an emperor with the settings given as JSON, for the tests to look at from outside."""

import json
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(os.path.dirname(here)))

from imperator.config.empire import Empire  # noqa: E402
from imperator.config.settings import Endpoint, Settings, StatsAddress  # noqa: E402
from imperator.emperor.run import Surroundings, run  # noqa: E402
from imperator.errors import Refused  # noqa: E402
from imperator.process import stats_server  # noqa: E402
from imperator.process.loop import Loop  # noqa: E402
from imperator.process.sovereign import Sovereign  # noqa: E402


def log(line):
    os.write(1, (line + "\n").encode())


def main():
    fields = json.loads(sys.argv[1])
    own = fields.pop("own", None)
    launcher = fields.pop("launcher", None)
    empire = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.pop("empire", {}).items()}
    fields["empire"] = Empire(**empire)
    stats = fields.pop("stats", None)
    settings = Settings(**{"start": os.getcwd(), "where": {}, **{k: tuple(v) if isinstance(v, list) else v
                                                                 for k, v in fields.items()}})  # fmt: skip
    vassal = [launcher] if launcher else [sys.executable, "-I", "-S", os.path.join(here, "vassal.py")]
    try:
        asked = (StatsAddress(stats, None, Endpoint("unix", path=stats)),) if stats else ()
        around = Surroundings(Sovereign(os.environ), stats_server.listen(settings, asked, "Emperor stats server"))
        return run(settings, Loop(), log, lambda: log("READY"), vassal, [*vassal, own] if own else None, around)
    except Refused as refused:
        log(str(refused))
        return refused.status


sys.exit(main())
