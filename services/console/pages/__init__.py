"""The web pages of staff: a Flask application that the chassis's web server shows."""
