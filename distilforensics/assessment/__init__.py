"""From observations to campaigns: candidates, members, benign explanations, grades, and the contract files of a case."""
