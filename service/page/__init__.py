"""The operator page: what people see and ask for, in a browser. Rendered here, without scripts."""
