"""What people see of the ledger and what they ask for: for the CLI, the operations API, a page."""
