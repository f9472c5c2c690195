"""Black-box tests: the real program between real servers. Nothing here imports the package under test."""
