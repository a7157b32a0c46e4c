"""REST conformance cases (`cases.json`) and what reads, sends and judges them."""
