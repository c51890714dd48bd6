"""One module per interaction on a page: ask a service, hand the answer to a component."""
