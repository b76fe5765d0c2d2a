"""What a test of started processes starts: it writes its argument down, and then does what the argument names."""

from __future__ import annotations

import sys
import tempfile
import time

if __name__ == "__main__":
    word = sys.argv[1]
    sys.stdout.write(f"{tempfile.gettempdir()} {word}\n")
    sys.stdout.flush()
    if word == "exits":
        sys.exit(75)
    if word == "fails":
        raise ValueError("as it was told")
    while word == "sleeps":
        time.sleep(1)  # until a signal ends it
