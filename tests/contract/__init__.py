"""Tests of the stand-in of PRO against PRO's contract."""
