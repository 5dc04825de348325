"""From records to rows of `exchanges`: projection, place and hash, secrets taken out."""
