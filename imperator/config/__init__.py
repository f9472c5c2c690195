"""Configuration: text in, :class:`~imperator.config.settings.Settings` and complaints out.

A caller needs two functions and the real machine::

    from imperator.config.build import build
    from imperator.config.load import read
    from imperator.process.world import RealWorld

    world = RealWorld()
    loaded = read(sys.argv[1:], world)
    settings, complaints = build(loaded.pairs, world)
    complaints = [*loaded.diagnostics, *complaints]     # all of them; start only if none is an ERROR

Nothing in this package touches the machine: it asks a :class:`~imperator.config.world.World`.
"""
