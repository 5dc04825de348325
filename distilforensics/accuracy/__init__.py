"""How well the program finds, and how sure that is: exact intervals, rates measured on labelled logs, how small a campaign would have been found."""
