"""What answers plain requests: the API, documents, health, headers and limits."""
