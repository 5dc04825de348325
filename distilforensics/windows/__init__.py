"""Two-sample tests of traffic windows: does a group of accounts write, get and call unlike groups of ordinary accounts of the same log?"""
