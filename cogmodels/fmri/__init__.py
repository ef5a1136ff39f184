"""BOLD runs to trustworthy responses: masks, cleaning, responses, quality."""
