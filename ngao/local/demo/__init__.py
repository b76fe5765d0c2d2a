"""The demo: invented reports through the real platform, shown step by step."""
