"""Sources, BIDS, files of signals, and the three tables; the only room that touches files."""
