"""The command line: parses, calls one function, prints. Heavy libraries are imported inside of functions only."""
