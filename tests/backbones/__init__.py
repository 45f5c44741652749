"""Tests of the room that hands out networks."""
