"""From a figure, or another program's export of one, to coordinates."""
