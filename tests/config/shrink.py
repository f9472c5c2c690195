"""A failing configuration made small: drop what is not needed for the failure, until nothing more can be dropped."""

MOST_TRIES = 300


def shrink(case, fails):
    """``case`` without the words, variables and lines that ``fails(case)`` stays true without."""
    tries = 0
    smaller = True
    while smaller:
        smaller = False
        for candidate in _candidates(case):
            tries += 1
            if tries > MOST_TRIES:
                return case
            if fails(candidate):
                case, smaller = candidate, True
                break
    return case


def _candidates(case):
    """Everything that is one step smaller, the large steps first."""
    for name in case.files:
        yield case._replace(files={other: data for other, data in case.files.items() if other != name})
    for name in case.environ:
        yield case._replace(environ={other: value for other, value in case.environ.items() if other != name})
    for at in range(1, len(case.argv)):  # the first one asks for the list
        yield case._replace(argv=case.argv[:at] + case.argv[at + 1 :])
        yield case._replace(argv=case.argv[:at] + case.argv[at + 2 :])
    for name, data in case.files.items():
        lines = data.splitlines(keepends=True) if b"\n" not in data else data.split(b"\n")
        glue = b"" if b"\n" not in data else b"\n"
        size = len(lines) // 2
        while size:
            for at in range(0, len(lines), size):
                yield case._replace(files={**case.files, name: glue.join(lines[:at] + lines[at + size :])})
            size //= 2
        for at, line in enumerate(lines):
            key, equals, value = line.partition(b"=")
            words = value.split(b" ")
            for cut in range(len(words)) if equals and len(words) < 40 else ():
                rest = key + equals + b" ".join(words[:cut] + words[cut + 1 :])
                yield case._replace(files={**case.files, name: glue.join([*lines[:at], rest, *lines[at + 1 :]])})
