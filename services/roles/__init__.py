"""What starts what: the roles of a machine, and the services that each one holds."""
