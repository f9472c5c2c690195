"""What the black-box tests stand on: the program under test, real servers around it, ways to wait."""
