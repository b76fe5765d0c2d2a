"""The embedded runtime: real RabbitMQ and mongod as plain processes, and the services beside them."""
