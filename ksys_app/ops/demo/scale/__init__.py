"""The demo plant of any size (PRD §13): tags at one sample a second, on either database."""
