"""`python -m service` is `orderflex`."""

from service.cli import main

main()
