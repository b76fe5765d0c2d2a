"""HTTP for services: nameko's server with our own entrypoint, because nameko's answers with the exception's text."""
