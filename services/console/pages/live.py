"""What lets a page say whether it has changed: a tag of what it shows, without what differs each time it is made.

A script asks for the page again with the tag in `If-None-Match` (RFC 9110, 13.1.2), and gets 304 while nothing has changed.
"""

from __future__ import annotations

import re
from hashlib import sha256

LIVE = "Desk-Live"
"""The header of a request that a script makes by itself: `active` if the person has done something since the last one."""
IDLE = "idle"
TAG = "tag-of-this-page"
"""What a template writes where its own tag belongs."""
_EACH_TIME = re.compile(r'name="csrf_token" value="[^"]*"|<time data-now[^>]*>[^<]*</time>')
"""The token of forms and the time at which the page was made."""


def tagged(html: str) -> tuple[str, str]:
    """Return a page with its tag in it, and the tag."""
    tag = sha256(_EACH_TIME.sub("", html).encode()).hexdigest()[:16]
    return html.replace(TAG, tag), tag
