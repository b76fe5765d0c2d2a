"""The web pages of staff: a Flask application that the chassis's web server shows.

- `templates/`: The pages, in Jinja.
- `assets/`: The stylesheet and the icon, each under an address that has its hash.
- `translations/`: The Swahili of every text, as gettext's source. It is compiled in memory at the start.
"""
