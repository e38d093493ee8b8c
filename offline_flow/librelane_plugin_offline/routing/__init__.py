"""Routing on a grid with negotiated congestion.

Method: L. McMurchie, C. Ebeling, 'PathFinder: a negotiation-based performance-driven router for
FPGAs', FPGA 1995. All nets are routed as if alone, at a price for what others use; the price of
what is contested rises, for now and for ever, until nothing is.
"""
