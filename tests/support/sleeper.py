"""What a test of started processes starts: it says what it was given, and then does what it was told."""

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
        time.sleep(1)
