"""The broker's layout: exchanges and queues, rights of each account, outsiders' accounts, and provisioning."""
