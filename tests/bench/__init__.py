"""The measurements' arithmetic, tables and bare program; no figure is judged here."""
