"""What follows from the code and is written down for readers: schemas, AsyncAPI, OpenAPI, pages."""
