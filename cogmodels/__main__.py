"""``python -m cogmodels``."""

import sys

from cogmodels.cli import main

sys.exit(main())
