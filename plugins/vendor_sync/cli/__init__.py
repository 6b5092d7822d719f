"""The flows and their chores as commands: a module a subject, put together in `app`."""
