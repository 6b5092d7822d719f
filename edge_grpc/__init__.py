"""The service that carries head office data to the tills and their usage back."""
