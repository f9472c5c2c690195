"""Which vassals should run: the sources, the decisions, the process that carries them out."""
