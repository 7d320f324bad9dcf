"""What a forecast hinges on: why, learn, if, sweep, flip, compare."""
