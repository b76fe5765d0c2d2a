"""The directory: partners as operators keep them, and who may call as one."""
