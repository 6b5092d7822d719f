"""One local HTTP server that answers as the vendors do.

A request passes the request log, the rate limit and the fault rules, then the vendor it is for;
what comes back is delivered as a whole, late, cut or not at all. A vendor is one module beside
this one, named in `catalogue.py`; everything else here is shared by all of them. Tests and the
demo steer it through `control.py`, which needs the standard library only.
"""
