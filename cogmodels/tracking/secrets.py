"""Keys stay out of what is written."""

from __future__ import annotations

import os
import re

#: Variables of the environment whose values are secret.
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
#: Shorter values would be found in words.
_LEAST = 8


def without_secrets(text: str) -> str:
    """A text with the values of all secret variables of the environment, and W&B keys of any origin, blacked out."""
    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) >= _LEAST:
            text = text.replace(value, "***")
    # A key of W&B: 40 hex digits, or its newer form.
    return re.sub(r"\b(?:local-)?[0-9a-f]{40}\b|\bwandb_v\d+_\w+", "***", text)
