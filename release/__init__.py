"""Builds the service's image without a container engine's daemon, and lists what is in it.

    python -m release image
    python -m release sbom

For developers and CI: nothing of this is in the image.
"""
