"""The Marketing API of Meta: accounts, campaigns, and insights at once or as a report."""
