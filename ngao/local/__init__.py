"""The embedded runtime: real RabbitMQ and mongod as plain processes, and the four services beside them."""
