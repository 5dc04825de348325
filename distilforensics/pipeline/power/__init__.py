"""How small a campaign this log would have shown: campaigns of stated sizes are planted in a copy of it and looked for."""
