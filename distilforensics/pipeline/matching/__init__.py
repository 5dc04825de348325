"""Whether groups of accounts in two cases have one hand, told from keyed fingerprints that hold no prompt, account or address."""
