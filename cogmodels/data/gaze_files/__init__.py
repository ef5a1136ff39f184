"""Files of eye trackers, each read into a GazeFile."""
