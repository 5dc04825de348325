"""The whole way from logs to a sealed case, in the one order in which the stages depend on each other."""
